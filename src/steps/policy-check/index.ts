import { z } from 'zod';
import { defineStep } from '../kind.ts';
import { countText, FailOn, FindingShape, Packages, refuse } from './findings.ts';

/** Ask policies about a document while the runbook runs. Fails closed: no answer is an error. Fails with `POLICY_DENIED`. */
export const policyCheck = defineStep({
  uses: 'policy.check',
  summary: 'ask policies about a document',
  with: z.strictObject({ packages: Packages, input: z.json(), failOn: FailOn }),
  outputs: z.strictObject({ findings: z.array(FindingShape) }),
  example: { packages: ['slipway.placement'], input: { region: 'eu-central-1' } },
  mutates: false,
  describe: ({ packages }) => `check policy ${packages.join(', ')}`,
  target: 'none',
  idempotency: 'safe',
  execute: async ({ packages, input, failOn }, { ports, signal, log }) => {
    const { findings } = await ports.policy.evaluate(packages, input, signal);
    for (const { level, rule, msg } of findings) log(`${level} ${rule}: ${msg}`);
    refuse(findings, failOn, 'POLICY_DENIED');
    return { status: 'ok', outputs: { findings: findings.map((finding) => ({ ...finding })) }, summary: countText(findings) };
  },
});
