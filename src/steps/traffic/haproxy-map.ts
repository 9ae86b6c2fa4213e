import { SlipwayError } from '../../core/index.ts';
import type { HostContext, HostOutcome } from '../kind.ts';
import { runtimeApi } from './haproxy.ts';
import type { HaproxyMap } from './shape.ts';

/**
 * Write one entry of a map of HAProxy and look whether it took effect.
 *
 * @throws {SlipwayError} `TRAFFIC_NOT_APPLIED`, `TRAFFIC_DRIVER`.
 */
export async function setHaproxyMap(share: number, { map, key, socket }: HaproxyMap, context: HostContext): Promise<HostOutcome> {
  const get = `get map ${map} ${key}`;
  const before = valueIn(await runtimeApi(context, socket, [get]));
  if (before !== String(share)) {
    const verb = before === undefined ? 'add' : 'set';
    const answer = await runtimeApi(context, socket, [`${verb} map ${map} ${key} ${share}`, get]);
    if (valueIn(answer) !== String(share)) {
      throw new SlipwayError(
        'TRAFFIC_NOT_APPLIED',
        `HAProxy on ${context.host.name} did not take ${key} = ${share}: ${answer.trim().split('\n', 1)[0]?.slice(0, 200) ?? ''}`,
        {
          retry: 'afterBackoff',
          hint: `its configuration must read the map, for example: http-request set-var(txn.mirror) str(${key}),map_int(${map},0)`,
        },
      );
    }
  }
  const previous = before !== undefined && /^\d+$/.test(before) ? Number(before) : null;
  return {
    status: before === String(share) ? 'ok' : 'changed',
    outputs: { percent: share, previousPercent: previous },
    summary: `mirror ${previous ?? 'unset'} → ${share}%`,
  };
}

function valueIn(answer: string): string | undefined {
  return /found=yes.*\bvalue="([^"]*)"/.exec(answer)?.[1];
}
