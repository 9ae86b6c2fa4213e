import { randomText, SlipwayError } from '../../core/index.ts';
import type { HostCheck, HostContext, Preview, PreviewContext } from '../kind.ts';
import type { Host } from '../host.ts';
import { hasGuard, whyDone } from './guard.ts';

const AT_ONCE = 16;

/** A host of a preview, with what a look at it needs. */
export type Look = Pick<HostContext, 'host' | 'options' | 'ports' | 'runId' | 'signal'>;

/** Look at every host, some at a time; a host that cannot be reached or refuses is said, not fatal. */
export async function previewHosts(context: PreviewContext, check: (look: Look) => Promise<Omit<HostCheck, 'host'>>): Promise<Preview> {
  const { ports, options, signal } = context;
  const runId = `preview-${randomText(10)}`;
  const waiting = [...context.hosts];
  const found = new Map<string, HostCheck>();
  const worker = async (): Promise<void> => {
    for (let host = waiting.shift(); host; host = waiting.shift()) found.set(host.name, await checkOne({ host, options, ports, runId, signal }, check));
  };
  try {
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
  } finally {
    await ports.ssh.release(runId);
  }
  return { type: 'hosts', hosts: context.hosts.map((host: Host) => found.get(host.name) ?? { host: host.name, verdict: 'unknown' }) };
}

async function checkOne(look: Look, check: (look: Look) => Promise<Omit<HostCheck, 'host'>>): Promise<HostCheck> {
  const { host, signal } = look;
  try {
    return { host: host.name, ...(await check(look)) };
  } catch (thrown) {
    signal.throwIfAborted();
    if (!(thrown instanceof SlipwayError)) throw thrown;
    const verdict = thrown.code === 'SSH_UNREACHABLE' ? 'unreachable' : 'unknown';
    return { host: host.name, verdict, detail: `${thrown.message}${thrown.hint === undefined ? '' : ` (${thrown.hint})`}` };
  }
}

/** A command cannot be tried; only its guards can tell that it would not run. */
export function previewCommand(context: PreviewContext, words: string): Promise<Preview> {
  if (!hasGuard(context))
    return Promise.resolve({ type: 'hosts', hosts: context.hosts.map(({ name }) => ({ host: name, verdict: 'wouldRun', detail: words })) });
  return previewHosts(context, async (look) => {
    const why = await whyDone(look);
    return why === undefined ? { verdict: 'wouldRun', detail: words } : { verdict: 'ok', detail: why };
  });
}
