import type { Store } from './store/index.ts';

/** Everybody who works with the store at one time works with the same open one; it is closed when the last of them has closed theirs. */
export function shareStore(open: () => Promise<Store>): () => Promise<Store> {
  let opened: Promise<Store> | undefined;
  let users = 0;
  const leave = async (): Promise<void> => {
    if (--users > 0) return;
    const last = opened;
    opened = undefined;
    // One that could not be opened has told so already.
    await (await last?.catch(() => undefined))?.[Symbol.asyncDispose]();
  };
  return async () => {
    users += 1;
    try {
      const { documents, queues, locks, audit } = await (opened ??= open());
      let isOpen = true;
      const close = async (): Promise<void> => {
        if (!isOpen) return;
        isOpen = false;
        await leave();
      };
      return { documents, queues, locks, audit, [Symbol.asyncDispose]: close };
    } catch (cause) {
      await leave();
      throw cause;
    }
  };
}
