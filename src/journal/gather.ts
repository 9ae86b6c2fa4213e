/** Most calls that share one transaction; more would make everybody wait for it. */
const MOST = 500;

/**
 * Let calls share transactions: everything that is asked before the next turn, or while one is under way, goes into the next one, in order, and pays for one
 * commit. A transaction that fails fails all of its calls.
 *
 * @param perform gives one result for each of its arguments, in their order.
 */
export function gather<In, Out>(perform: (batch: readonly In[]) => Promise<readonly Out[]>): (one: In) => Promise<Out> {
  const queue: { readonly one: In; readonly done: (result: Out) => void; readonly failed: (cause: unknown) => void }[] = [];
  let isBusy = false;
  const serve = async (): Promise<void> => {
    isBusy = true;
    while (queue.length > 0) {
      const batch = queue.splice(0, MOST);
      try {
        const results = await perform(batch.map(({ one }) => one));
        for (const [index, { done }] of batch.entries()) done(results[index] as Out); // as many as there are calls
      } catch (cause) {
        for (const { failed } of batch) failed(cause);
      }
    }
    isBusy = false;
  };
  return (one) =>
    new Promise((done, failed) => {
      queue.push({ one, done, failed });
      if (!isBusy) setImmediate(() => void (isBusy || serve()));
    });
}
