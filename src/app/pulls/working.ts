import { SlipwayError } from '../../core/index.ts';

/** Pull requests that are worked on in this process at this moment, so that work on a head that was replaced ends at once. */
export interface Working {
  /** Do something for one pull request; `signal` aborts when its head is replaced. */
  readonly on: <T>(key: string, act: (signal: AbortSignal, nameHead: (head: string) => void) => Promise<T>) => Promise<T>;
  /** Another head was pushed: whoever works on an older one stops. */
  readonly supersede: (key: string, head: string) => void;
}
interface Job {
  readonly stop: AbortController;
  head: string | undefined;
}

/** One job at a time works on a pull request; queues see to that. */
export function createWorking(): Working {
  const jobs = new Map<string, Job>();
  return {
    on: async (key, act) => {
      const job: Job = { stop: new AbortController(), head: undefined };
      jobs.set(key, job);
      try {
        return await act(job.stop.signal, (head) => (job.head = head));
      } finally {
        if (jobs.get(key) === job) jobs.delete(key);
      }
    },
    supersede: (key, head) => {
      const job = jobs.get(key);
      if (job?.head === undefined || job.head === head) return;
      job.stop.abort(new SlipwayError('PULL_SUPERSEDED', `${key} has another head by now: ${head}`));
    },
  };
}
