import { z } from 'zod';
import { SlipwayError } from '../../../core/index.ts';
import { Duration } from '../../fields.ts';
import { defineStep, type HostCheck, type HostContext, type HostOutcome } from '../../kind.ts';
import { callHost, refuseExit } from '../call.ts';
import { type Look, previewHosts } from '../preview.ts';
import { probeByCheck } from '../probe.ts';
import { type Action, planUnit, whatIsWrong } from './plan.ts';
import { ACT_SCRIPT } from './scripts.ts';
import { unitState } from './unit.ts';

const UNIT = /^[A-Za-z0-9:_.\\@][A-Za-z0-9:_.\\@-]*$/;
const SUFFIX = /\.(?:service|socket|timer|path|mount|target|slice|automount|swap)$/;

const Service = z
  .strictObject({
    unit: z
      .string()
      .max(250)
      .regex(UNIT, { error: 'not the name of a unit' })
      .transform((name) => (SUFFIX.test(name) ? name : `${name}.service`))
      .meta({ description: 'nginx, or with its kind: backup.timer' }),
    state: z
      .enum(['started', 'stopped', 'restarted', 'reloaded'])
      .optional()
      .meta({ description: 'restarted and reloaded act every time; tie them to a change with "if"' }),
    enabled: z.boolean().optional().meta({ description: 'starts with the machine' }),
    masked: z.boolean().optional().meta({ description: 'nothing can start it' }),
    daemonReload: z
      .enum(['auto', 'always', 'never'])
      .default('auto')
      .meta({ description: 'read unit files again first; auto: when systemd says that this one has changed' }),
    settle: Duration.optional().meta({ description: 'how long it has to keep running before the step is done' }),
  })
  .refine(({ state, enabled, masked }) => state !== undefined || enabled !== undefined || masked !== undefined, {
    error: 'say what is wanted: state, enabled or masked',
    path: ['unit'],
  })
  .refine(({ state, enabled, masked }) => masked !== true || ((state === undefined || state === 'stopped') && enabled !== true), {
    error: 'what is masked can neither run nor be enabled',
    path: ['masked'],
  });
type Service = z.output<typeof Service>;

/** See to a unit of systemd. Fails with `UNSUPPORTED_PLATFORM`, `SERVICE_*`, `SSH_EXIT`, or the codes of SSH. */
export const sshService = defineStep({
  uses: 'ssh.service',
  summary: 'see to a service of hosts with systemd',
  with: Service,
  outputs: z.strictObject({ actions: z.array(z.string()), active: z.string(), enabled: z.string() }),
  example: { unit: 'nginx', state: 'started', enabled: true, settle: '5s' },
  mutates: true,
  describe: (input) => `have ${input.unit} ${wordsOf(input).join(' and ')}`,
  target: 'hosts',
  idempotency: 'safe',
  executeHost: (input, context) => execute(input, context),
  probeHost: async (input, context) => {
    if (input.state === 'restarted' || input.state === 'reloaded')
      return { verdict: 'unknown', reason: `nothing tells whether ${input.unit} was ${input.state} by this step` };
    return probeByCheck(() => check(input, context), { actions: [], active: '', enabled: '' });
  },
  preview: (input, context) => previewHosts(context, (look) => check(input, look)),
});

function wordsOf({ state, enabled, masked }: Service): readonly string[] {
  return [
    ...(state === undefined ? [] : [state]),
    ...(enabled === undefined ? [] : [enabled ? 'enabled' : 'disabled']),
    ...(masked === undefined ? [] : [masked ? 'masked' : 'not masked']),
  ];
}

async function check(input: Service, look: Look): Promise<Omit<HostCheck, 'host'>> {
  const unit = await unitState(look, input.unit);
  const actions = planUnit(input, unit, look.host.name);
  return actions.length === 0
    ? { verdict: 'ok' }
    : { verdict: 'wouldChange', detail: `${actions.join(', ')} (it is ${unit.active}, ${unit.file || 'without a file'})` };
}

async function execute(input: Service, context: HostContext): Promise<HostOutcome> {
  const actions = planUnit(input, await unitState(context, input.unit), context.host.name);
  for (const action of actions) await act(action, input.unit, context);
  if (actions.length > 0 && input.settle !== undefined) await context.ports.clock.sleep(input.settle, context.signal);
  const after = await unitState(context, input.unit);
  const wrong = whatIsWrong(input, after);
  if (wrong !== undefined) {
    throw new SlipwayError('SERVICE_FAILED', `${input.unit} on ${context.host.name} is not as wanted after ${actions.join(', ') || 'a look'}: ${wrong}`, {
      hint: 'look at its log on the machine: journalctl -u',
    });
  }
  const outputs = { actions: [...actions], active: after.active, enabled: after.file };
  // Reading unit files again changes what systemd knows, and nothing that was asked for.
  const isChanged = actions.some((action) => action !== 'daemon-reload');
  return {
    status: isChanged ? 'changed' : 'ok',
    outputs,
    summary: actions.length === 0 ? `${input.unit} is as wanted` : `${input.unit}: ${actions.join(', ')}`,
  };
}

async function act(action: Action, unit: string, context: HostContext): Promise<void> {
  const result = await callHost(context, { script: ACT_SCRIPT, env: { SLIPWAY_ACTION: action, SLIPWAY_UNIT: unit } });
  refuseExit(result, [0], { what: `systemctl ${action} ${unit}`, host: context.host.name });
}
