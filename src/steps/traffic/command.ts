import { SlipwayError } from '../../core/index.ts';
import type { HostContext } from '../kind.ts';
import type { CommandDriver } from './shape.ts';

/**
 * Set a share by the runbook's own command, and look whether it took effect.
 *
 * @throws {SlipwayError} `TRAFFIC_DRIVER` when a command fails, `TRAFFIC_NOT_APPLIED` when `get` prints another share; the codes of SSH.
 */
export async function setByCommand(
  share: number,
  driver: CommandDriver,
  context: HostContext,
): Promise<{ readonly changed: boolean; readonly previous: number | undefined }> {
  const read = async () => shareIn(await run('get', driver.get, share, context));
  const previous = await read();
  if (previous === share) return { changed: false, previous };
  await run('set', driver.set, share, context);
  const now = await read();
  if (now === share) return { changed: true, previous };
  throw new SlipwayError('TRAFFIC_NOT_APPLIED', `${context.host.name} says ${now ?? 'nothing'} after the share was set to ${share}`, {
    retry: 'afterBackoff',
    hint: 'look at the "set" and "get" commands of the driver',
  });
}

async function run(name: 'set' | 'get', script: string, share: number, { host, options, ports, runId, signal }: HostContext): Promise<string> {
  const request = {
    script,
    env: { SLIPWAY_WEIGHT: String(share) },
    ...(options.become === undefined ? {} : { become: options.become }),
    timeoutMs: options.timeoutMs,
    maxOutputBytes: 64 << 10,
  };
  const result = await ports.ssh.exec(host, request, { runId, signal });
  if (result.exitCode === 0) return result.stdout;
  const said = result.stderr.trim().split('\n').at(-1)?.slice(0, 200) ?? '';
  throw new SlipwayError('TRAFFIC_DRIVER', `"${name}" ended with exit code ${result.exitCode ?? 'none'} on ${host.name}: ${said}`, {
    retry: 'afterBackoff',
    hint: `try the "${name}" command of the driver on the host`,
  });
}

function shareIn(stdout: string): number | undefined {
  const text = stdout.trim();
  return /^\d{1,3}$/.test(text) ? Number(text) : undefined;
}
