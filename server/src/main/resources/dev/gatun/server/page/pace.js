// Draws at most once a frame, and never for more than a quarter of the time, however long a drawing takes.

/** A function that asks for draw() to run soon; its `now()` runs it at once, its `cancel()` drops what was asked for. */
export function paced(draw) {
  let frame = 0;
  let free = 0; // when the next drawing may begin
  const run = () => {
    const start = performance.now();
    if (start < free) {
      frame = requestAnimationFrame(run);
      return;
    }
    frame = 0;
    draw();
    const end = performance.now();
    free = end + 3 * (end - start);
  };
  const cancel = () => {
    cancelAnimationFrame(frame);
    frame = 0;
  };
  return Object.assign(() => (frame ||= requestAnimationFrame(run)), {
    cancel,
    now: () => {
      cancel();
      draw();
    },
  });
}
