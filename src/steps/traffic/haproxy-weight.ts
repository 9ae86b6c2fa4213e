import { SlipwayError } from '../../core/index.ts';
import type { HostContext, HostOutcome } from '../kind.ts';
import { parseServers, runtimeApi, type ServerState } from './haproxy.ts';
import type { HaproxyWeights } from './shape.ts';
import { shareOf, weightsFor } from './weights.ts';

type Servers = ReadonlyMap<string, ServerState>;

/**
 * Give the candidate side its share in HAProxy, and look whether it took effect. Weights that rise are set first, so that at no
 * moment every server weighs nothing.
 *
 * @throws {SlipwayError} `TRAFFIC_UNKNOWN_SERVER` and `TRAFFIC_SIDE_DOWN` (nothing was changed), `TRAFFIC_NOT_APPLIED`, `TRAFFIC_DRIVER`.
 */
export async function setHaproxyWeight(share: number, driver: HaproxyWeights, context: HostContext): Promise<HostOutcome> {
  const { backend, baseline, candidate, socket } = driver;
  const show = `show servers state ${backend}`;
  const before = parseServers(await runtimeApi(context, socket, [show]));
  // Going back to the old side needs the old side only: the new one may be gone already.
  const known = share === 0 ? { ...driver, candidate: driver.candidate.filter((name) => before.has(name)) } : driver;
  refuseUnknown(before, known, context);
  refuseDead(before, share, driver);
  const sides = weightsFor(share, { baseline: baseline.length, candidate: candidate.length });
  const wanted = new Map([...baseline.map((name) => [name, sides.baseline] as const), ...known.candidate.map((name) => [name, sides.candidate] as const)]);
  const weightNow = (name: string) => before.get(name)?.weight ?? 0;
  const changes = [...wanted].filter(([name, weight]) => weightNow(name) !== weight).sort(([a, x], [b, y]) => y - weightNow(b) - (x - weightNow(a)));
  const previous = shareIn(before, driver);
  if (changes.length > 0) {
    const answer = await runtimeApi(context, socket, [...changes.map(([name, weight]) => `set weight ${backend}/${name} ${weight}`), show]);
    verify(answer, wanted, context);
  }
  return {
    status: changes.length > 0 ? 'changed' : 'ok',
    outputs: { weight: share, previousWeight: previous ?? null },
    summary: `${previous === undefined ? 'no share' : `${round(previous)}%`} → ${share}%`,
  };
}

function refuseUnknown(servers: Servers, { backend, baseline, candidate }: HaproxyWeights, { host }: HostContext): void {
  const unknown = [...baseline, ...candidate].filter((name) => !servers.has(name));
  if (unknown.length === 0) return;
  throw new SlipwayError('TRAFFIC_UNKNOWN_SERVER', `HAProxy on ${host.name} has no ${unknown.map((name) => `${backend}/${name}`).join(', ')}`, {
    hint: servers.size === 0 ? `is there a backend named ${backend}?` : `it knows ${[...servers.keys()].join(', ')}`,
  });
}

/** Customers must not be sent to a side that does not run. Going back to the old side (share 0) is never refused. */
function refuseDead(servers: Servers, share: number, { candidate }: HaproxyWeights): void {
  if (share === 0 || candidate.some((name) => servers.get(name)?.running)) return;
  throw new SlipwayError('TRAFFIC_SIDE_DOWN', `no candidate server is running: ${candidate.join(', ')}`, {
    retry: 'afterBackoff',
    hint: 'start the candidate side, or look at its health checks in HAProxy',
  });
}

function verify(answer: string, wanted: ReadonlyMap<string, number>, { host }: HostContext): void {
  const after = parseServers(answer);
  const wrong = [...wanted].filter(([name, weight]) => after.get(name)?.weight !== weight);
  if (wrong.length === 0) return;
  const said = answer.split('\n').find((line) => line.trim() !== '' && !/^\d+$/.test(line.trim()) && !line.startsWith('#'));
  const state = wrong.map(([name, weight]) => `${name} has weight ${after.get(name)?.weight ?? 'unknown'} instead of ${weight}`).join(', ');
  throw new SlipwayError('TRAFFIC_NOT_APPLIED', `HAProxy on ${host.name} did not take the weights: ${state} (${said?.trim().slice(0, 200) ?? 'no message'})`, {
    retry: 'afterBackoff',
    hint: 'the backend needs a balance algorithm with dynamic weights, such as roundrobin or leastconn',
  });
}

function shareIn(servers: Servers, { baseline, candidate }: HaproxyWeights): number | undefined {
  const weights = (names: readonly string[]) => names.map((name) => servers.get(name)?.weight ?? 0);
  return shareOf(weights(baseline), weights(candidate));
}

function round(share: number): number {
  return Math.round(share * 10) / 10;
}
