"""multi_gpu_plot: what scripts/bench-multi-gpu measured, as one picture of four parts, PNG and SVG."""

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as pyplot  # after the choice of what draws
from matplotlib.ticker import NullLocator

STYLE = {"tensor": ("tab:blue", "o"), "expert": ("tab:orange", "s"), "layer": ("tab:green", "^"),
         "hybrid": ("tab:red", "D")}
BELOW = {"expert"}  # whose labels are under their points, where others' are above
GIB = 1 << 30


def most(row, column):
    """Of the fullest device, in GiB."""
    return max(int(each) for each in row[column].split("/")) / GIB


def draw(rows, title, path):
    """Writes path.png and path.svg. Rows are the CSV's, of one model, commit and machine."""
    # The same rows give the same file.
    pyplot.rcParams.update({"svg.hashsalt": "gatun", "svg.fonttype": "none", "font.size": 9})
    figure, ((decode, prompt), (exchange, memory)) = pyplot.subplots(2, 2, figsize=(10, 7), layout="constrained")
    figure.suptitle(title, fontsize=10)
    by_device = lambda test, of: lines(rows, test, of)
    number = lambda column: (lambda row: float(row[column]))

    for part, test, name in ((decode, "tg", "decoding"), (prompt, "pp", "prompt")):
        for one in (row for row in rows if row["split_mode"] == "none" and row["test"].startswith(test)):
            part.axhline(float(one["ts_median"]), color="gray", linestyle=":", label="one device")
        chart(part, by_device(test, number("ts_median")), name, "tokens/s")
    chart(exchange, by_device("tg", number("exchange_percent")), "decoding: time of the first device in exchanges",
          "% (beside it: KiB exchanged a token)")
    for mode, points in by_device("tg", number("exchange_bytes_per_token")).items():
        for (count, bytes_), (_, percent) in zip(points, by_device("tg", number("exchange_percent"))[mode]):
            exchange.annotate(f"{bytes_ / 1024:.0f} KiB", (count, percent), xytext=(3, -11 if mode in BELOW else 4),
                              textcoords="offset points", fontsize=7, color=STYLE[mode][0])
    chart(memory, by_device("tg", lambda row: most(row, "planned_memory_bytes")), "memory of the fullest device",
          "GiB (line: planned, cross: allocated)")
    for mode, points in by_device("tg", lambda row: most(row, "allocated_memory_bytes")).items():
        memory.plot(*zip(*points), "x", color=STYLE[mode][0], markersize=9)
    handles, labels = decode.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels))
    figure.savefig(path + ".png", dpi=110)
    figure.savefig(path + ".svg", metadata={"Date": None})
    pyplot.close(figure)


def lines(rows, test, of):
    """(devices, value) of each split mode, ascending."""
    found = {}
    for row in sorted(rows, key=lambda row: int(row["count"])):
        if row["test"].startswith(test) and row["split_mode"] in STYLE:
            found.setdefault(row["split_mode"], []).append((int(row["count"]), of(row)))
    return found


def chart(axes, by_mode, title, unit):
    counts = sorted({count for points in by_mode.values() for count, _ in points})
    for mode, points in by_mode.items():
        colour, marker = STYLE[mode]
        axes.plot(*zip(*points), color=colour, marker=marker, label=mode, alpha=0.8)
    axes.set_title(title)
    axes.set_xscale("log", base=2)
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xticks(counts, [str(count) for count in counts])
    axes.set_xlabel("devices")
    axes.set_ylabel(unit)
    axes.margins(x=0.12, y=0.12)
    axes.set_ylim(bottom=0)
    axes.grid(alpha=0.3)
