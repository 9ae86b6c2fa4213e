/** The channels of a connection that are open now, whoever uses them. */
export interface OpenChannels {
  /** One more; the function given back says that it has closed. */
  add(): () => void;
  count(): number;
  /** Resolves when one of them closes. */
  nextClosed(): Promise<void>;
}

export function createOpenChannels(): OpenChannels {
  let count = 0;
  let next = Promise.withResolvers<void>();
  return {
    add: () => {
      count++;
      return () => {
        count--;
        next.resolve();
        next = Promise.withResolvers();
      };
    },
    count: () => count,
    nextClosed: () => next.promise,
  };
}
