import { z } from 'zod';
import { type Json, Secret } from '../../core/index.ts';
import { StackName } from '../fields.ts';
import { defineStep, type StepContext } from '../kind.ts';
import { targetOf, whileBeating } from '../pulumi/operate.ts';
import { countText, FailOn, FindingShape, InputName, Packages, refuse } from '../policy-check/findings.ts';

/**
 * Gather what is really there (facts of hosts given as input, state of stacks) and let policies judge it. The policies see
 * `{scan: {runId, at}, facts: {…}, stacks: {name: {exists, resources, digest, outputs, pending}}}`; a secret output is shown to
 * them as `{"secret": true}` only. Fails with `COMPLIANCE_FAILED`.
 */
export const complianceScan = defineStep({
  uses: 'compliance.scan',
  summary: 'gather facts of hosts and stacks and let policies judge them',
  with: z.strictObject({
    packages: Packages,
    facts: z.record(InputName, z.json()).default({}).meta({ description: 'documents by name, for example the outputs of an ssh.facts step' }),
    stacks: z.array(StackName).max(100).default([]),
    failOn: FailOn,
  }),
  outputs: z.strictObject({ findings: z.array(FindingShape), evidence: z.string() }),
  example: { packages: ['slipway.compliance'], stacks: ['aws-analytics/prod'], failOn: 'soft' },
  mutates: false,
  describe: ({ packages, stacks }) => `scan ${[...stacks, 'facts'].join(', ')} with ${packages.join(', ')}`,
  target: 'none',
  idempotency: 'safe',
  execute: async ({ packages, facts, stacks, failOn }, context) => {
    const { ports, signal, log, runId } = context;
    const states: Record<string, Json> = {};
    for (const stack of stacks) states[stack] = await stateOf(stack, context);
    const document = { scan: { runId, at: ports.clock.now() }, facts, stacks: states };
    const { findings } = await ports.policy.evaluate(packages, document, signal);
    const list = findings.map((finding) => ({ ...finding }));
    const evidence = await ports.evidence.put(Buffer.from(JSON.stringify({ document, packages, findings: list })));
    for (const { level, rule, msg } of findings) log(`${level} ${rule}: ${msg}`);
    refuse(findings, failOn, 'COMPLIANCE_FAILED');
    return { status: 'ok', outputs: { findings: list, evidence }, summary: countText(findings) };
  },
});

async function stateOf(stack: string, context: StepContext): Promise<Json> {
  const target = targetOf({ stack, config: {} }, context);
  const state = await whileBeating(context, (control) => context.ports.pulumi.state(target, control));
  return {
    exists: state.exists,
    resources: state.resources,
    digest: state.digest,
    pending: state.pending.map(({ urn, operation }) => ({ urn, operation })),
    outputs: Object.fromEntries(Object.entries(state.outputs).map(([key, value]) => [key, value instanceof Secret ? { secret: true } : value])),
  };
}
