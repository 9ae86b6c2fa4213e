import { SlipwayError } from '../../core/index.ts';
import type { Host } from '../../steps/index.ts';
import { dial, type DialSources } from './dial.ts';
import type { Gate } from './gate.ts';
import type { Link } from './link.ts';
import { orAborted } from './or-aborted.ts';

interface RunLinks {
  readonly links: Map<string, Promise<Link>>;
  /** Those of them that are open by now. */
  readonly open: Map<string, Link>;
  readonly ended: AbortController;
}

/** One connection per host and run, shared by all who need it, jump hosts included. */
export interface Pool {
  /** The open connection, or a new one. @throws {SlipwayError} `SSH_UNREACHABLE`, `SSH_HOST_KEY`, `SSH_AUTH`. */
  link(runId: string, host: Host, signal: AbortSignal): Promise<Link>;
  release(runId: string): Promise<void>;
}

export function createPool(gate: Gate, sources: () => Promise<DialSources>): Pool {
  const runs = new Map<string, RunLinks>();
  const shared = sharing(gate, sources);
  return {
    link: (runId, host, signal) => {
      const run = runs.get(runId) ?? { links: new Map(), open: new Map(), ended: new AbortController() };
      runs.set(runId, run);
      const present = signal.aborted ? undefined : run.open.get(keyOf(host));
      if (present?.isOpen()) return Promise.resolve(present);
      // Whoever gives up waiting must not take the connection from the others who wait for it.
      return orAborted(shared(run, host), signal);
    },
    release: async (runId) => {
      const run = runs.get(runId);
      runs.delete(runId);
      run?.ended.abort(new SlipwayError('SSH_UNREACHABLE', `the connections of ${runId} are closed`));
      const settled = await Promise.allSettled([...(run?.links.values() ?? [])]);
      // The last one opened goes first: it may run through an earlier one.
      for (const each of settled.reverse()) if (each.status === 'fulfilled') each.value.close();
    },
  };
}

/** How those of one run come to the connection they share. */
function sharing(gate: Gate, sources: () => Promise<DialSources>): (run: RunLinks, host: Host) => Promise<Link> {
  return shared;

  async function open(run: RunLinks, host: Host): Promise<Link> {
    const via = host.jump.at(-1);
    const throughJump = async (): Promise<Link | undefined> => via && shared(run, { ...via, jump: host.jump.slice(0, -1) });
    const ready = await sources();
    const dialOnce = async (): Promise<Link> => dial({ host, through: await throughJump(), twin }, ready);
    // First: whoever has a place among those who connect must not wait for somebody who needs one too.
    await throughJump();
    const twin: Link['twin'] = (signal) => gate.pass(host, dialOnce, signal);
    const link = await gate.pass(host, dialOnce, run.ended.signal);
    if (run.ended.signal.aborted) link.close();
    run.ended.signal.throwIfAborted();
    return link;
  }
  async function shared(run: RunLinks, host: Host): Promise<Link> {
    const key = keyOf(host);
    const present = run.links.get(key);
    if (present) {
      const link = await present;
      if (link.isOpen()) return link;
      if (run.links.get(key) === present) run.links.delete(key);
      return shared(run, host);
    }
    const opening = open(run, host);
    run.links.set(key, opening);
    opening.then(
      (link) => run.open.set(key, link),
      () => run.links.delete(key),
    );
    return opening;
  }
}

function keyOf(host: Host): string {
  return [...host.jump, host].map((each) => `${each.name} ${each.user}@${each.address}:${each.port}`).join(' > ');
}
