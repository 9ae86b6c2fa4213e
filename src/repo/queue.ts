/**
 * Do one thing at a time; whoever asks while it is being done shares the next turn with everybody else who does.
 *
 * @param join what is asked for when two share a turn.
 */
export function createQueue<T>(work: (asked: T) => Promise<void>, join: (left: T, right: T) => T): (asked: T) => Promise<void> {
  let running: Promise<void> | undefined;
  let next: { asked: T; readonly done: Promise<void> } | undefined;
  const start = (asked: T): Promise<void> => {
    const turn = work(asked).finally(() => {
      running = undefined;
    });
    running = turn;
    return turn;
  };
  return (asked) => {
    if (running === undefined) return start(asked);
    if (next) {
      next.asked = join(next.asked, asked);
      return next.done;
    }
    const mine: { asked: T; done: Promise<void> } = { asked, done: Promise.resolve() };
    mine.done = running
      .catch(() => undefined) // whoever asked for that turn hears of it
      .then(() => {
        next = undefined;
        return start(mine.asked);
      });
    next = mine;
    return mine.done;
  };
}
