import { SlipwayError } from '../../../core/index.ts';
import type { SshPort } from '../../ports.ts';
import { callHost, refuseExit } from '../call.ts';
import type { Look } from '../preview.ts';
import { type Asked, parseFacts } from './parse.ts';
import type { Facts } from './schema.ts';
import { FACTS_SCRIPT } from './script.ts';
import { WINDOWS_FACTS } from './windows-script.ts';

/**
 * What hosts have said of themselves, by run and host, as long as the connections of that port live. A process that takes a
 * run over asks again, which harms nothing.
 */
const known = new WeakMap<SshPort, Map<string, Promise<Facts>>>();

/**
 * The facts of a host: those of earlier in the run, unless `fresh` ones are wanted.
 *
 * @throws {SlipwayError} `SSH_EXIT`, `SSH_FACTS`, or the codes of SSH.
 */
export async function factsOf(look: Look, { fresh = false }: { readonly fresh?: boolean } = {}): Promise<Facts> {
  const ofPort = known.get(look.ports.ssh) ?? new Map<string, Promise<Facts>>();
  known.set(look.ports.ssh, ofPort);
  const key = JSON.stringify([look.runId, look.host.name]);
  const earlier = fresh ? undefined : ofPort.get(key);
  if (earlier) return earlier;
  const asking = ask(look);
  ofPort.set(key, asking);
  // Whoever waits hears of the failure; the next one asks again.
  asking.catch(() => ofPort.delete(key));
  return asking;
}

/** Has the host been asked in this run? */
export function hasFacts({ ports, runId, host }: Look): boolean {
  return known.get(ports.ssh)?.has(JSON.stringify([runId, host.name])) ?? false;
}

async function ask(look: Look): Promise<Facts> {
  const { clock } = look.ports;
  const { host, options, ports, runId, signal } = look;
  const sentAt = clock.now();
  // Without the step's log: the answer is for machines.
  const result = await callHost({ host, options, ports, runId, signal }, { script: FACTS_SCRIPT, powershell: WINDOWS_FACTS });
  refuseExit(result, [0], { what: 'gathering facts', host: host.name });
  const asked: Asked = { sentAt, receivedAt: clock.now() };
  const facts = parseFacts(result.stdout, asked);
  if (facts) return facts;
  throw new SlipwayError('SSH_FACTS', `${host.name} says nothing about itself`, { hint: 'ssh.facts needs a POSIX shell with awk and df on the host' });
}
