"""multi_gpu_plot: what scripts/bench-multi-gpu measured, as one picture, PNG and SVG."""

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as pyplot  # after the choice of what draws
from matplotlib.ticker import NullLocator

STYLE = {"tensor": ("tab:blue", "o"), "expert": ("tab:orange", "s"), "data": ("tab:purple", "v"),
         "layer": ("tab:green", "^"), "hybrid": ("tab:red", "D")}
GIB = 1 << 30


def most(row, column):
    """Of the fullest device, in GiB."""
    return max(int(each) for each in row[column].split("/")) / GIB


def draw(rows, title, path):
    """Writes path.png and path.svg: a column of decoding for each number of sequences at once, the speed above the
    exchanges, and one of prompts above memory. Rows are the CSV's, of one model, commit and machine."""
    # The same rows give the same file.
    pyplot.rcParams.update({"svg.hashsalt": "gatun", "svg.fonttype": "none", "font.size": 9})
    parallels = sorted({int(row["parallel"]) for row in rows})
    columns = len(parallels) + 1
    figure, (speeds, below) = pyplot.subplots(2, columns, figsize=(4.4 * columns, 6.8), layout="constrained")
    figure.suptitle(title, fontsize=10)
    for parallel, speed, exchange in zip(parallels, speeds, below):
        decoding = chosen(rows, "tg", parallel)
        name = "decoding" if parallel == 1 else f"decoding, {parallel} sequences at once"
        draw_speed(speed, decoding, name)
        draw_exchange(exchange, decoding, f"exchanges in {name}")
    draw_speed(speeds[-1], chosen(rows, "pp", 1), "prompt")
    draw_memory(below[-1], chosen(rows, "tg", parallels[-1]))
    handles, labels = speeds[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels))
    figure.savefig(path + ".png", dpi=100, pil_kwargs={"optimize": True})
    figure.savefig(path + ".svg", metadata={"Date": None})
    pyplot.close(figure)


def draw_speed(axes, rows, title):
    for row in rows:
        if row["split_mode"] == "none":
            axes.axhline(float(row["ts_median"]), color="gray", linestyle=":", label="one device")
    chart(axes, lines(rows, lambda row: float(row["ts_median"])), title, "tokens/s")


def draw_exchange(axes, rows, title):
    percents = lines(rows, lambda row: float(row["exchange_percent"]))
    chart(axes, percents, title, "% of rank 0's time (label: KiB a token)")
    axes.margins(x=0.2)
    kibs = lines(rows, lambda row: float(row["exchange_bytes_per_token"]) / 1024)
    labels = sorted((count, percent, f"{kib:.0f} KiB", mode) for mode in percents
                    for (count, percent), (_, kib) in zip(percents[mode], kibs[mode]))
    apart = 0.05 * axes.get_ylim()[1]
    last, least = 0, 0
    for count, percent, text, mode in labels:  # from below: none covers another
        at = max(percent, least if count == last else 0)
        axes.annotate(text, (count, at), xytext=(6, 0), textcoords="offset points", va="center", fontsize=7,
                      color=STYLE[mode][0], bbox={"facecolor": "white", "alpha": 0.7, "pad": 0.5, "linewidth": 0})
        last, least = count, at + apart


def draw_memory(axes, rows):
    planned = lines(rows, lambda row: most(row, "planned_memory_bytes"))
    chart(axes, planned, "memory of the fullest device", "GiB (line: planned, cross: allocated)")
    for mode, points in lines(rows, lambda row: most(row, "allocated_memory_bytes")).items():
        axes.plot(*zip(*points), "x", color=STYLE[mode][0], markersize=9)


def chosen(rows, test, parallel):
    return [row for row in rows if row["test"].startswith(test) and int(row["parallel"]) == parallel]


def lines(rows, of):
    """(devices, value) of each split mode, ascending."""
    found = {}
    for row in sorted(rows, key=lambda row: int(row["count"])):
        if row["split_mode"] in STYLE:
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
