import { SlipwayError } from '../../../core/index.ts';
import { callHost, refuseExit } from '../call.ts';
import type { Look } from '../preview.ts';
import { LOOK_SCRIPT, NO_SYSTEMD_EXIT } from './scripts.ts';

/** A unit as systemd shows it. */
export interface Unit {
  readonly load: string;
  readonly active: string;
  /** enabled, disabled, static, masked …; empty when there is no file. */
  readonly file: string;
  readonly needsReload: boolean;
  readonly canReload: boolean;
  readonly type: string;
  readonly result: string;
}

/** Ask systemd. @throws {SlipwayError} `UNSUPPORTED_PLATFORM` with what was found, `SSH_EXIT`, and the codes of SSH. */
export async function unitState(look: Look, unit: string): Promise<Unit> {
  const { host, options, ports, runId, signal } = look;
  const result = await callHost({ host, options, ports, runId, signal }, { script: LOOK_SCRIPT, env: { SLIPWAY_UNIT: unit } });
  if (result.exitCode === NO_SYSTEMD_EXIT) {
    const found = /^found (.*)$/m.exec(result.stdout)?.[1] ?? 'something else';
    throw new SlipwayError('UNSUPPORTED_PLATFORM', `ssh.service knows systemd, and ${host.name} runs ${found}`, {
      hint: 'leave the host out, or do it by ssh.run with creates or unless',
    });
  }
  refuseExit(result, [0], { what: `looking at ${unit}`, host: host.name });
  const values = new Map(result.stdout.split('\n').map((line): [string, string] => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]));
  const valueOf = (name: string): string => values.get(name) ?? '';
  return {
    load: valueOf('LoadState'),
    active: valueOf('ActiveState'),
    file: valueOf('UnitFileState'),
    needsReload: valueOf('NeedDaemonReload') === 'yes',
    canReload: valueOf('CanReload') === 'yes',
    type: valueOf('Type'),
    result: valueOf('Result'),
  };
}
