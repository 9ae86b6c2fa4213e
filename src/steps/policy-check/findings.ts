import { z } from 'zod';
import { PATTERN, SlipwayError } from '../../core/index.ts';

const LEVELS = ['warn', 'soft', 'deny'] as const;

/** Names of policy packages, without the leading `data.`. */
export const Packages = z
  .array(z.string().regex(/^[a-zA-Z_][a-zA-Z0-9_]*(\.[a-zA-Z_][a-zA-Z0-9_]*)*$/, { error: 'not the name of a policy package' }))
  .min(1)
  .meta({ description: 'policy packages, for example slipway.compliance' });
export const FailOn = z.enum(['warn', 'soft', 'deny', 'never']).default('deny').meta({ description: 'the least severe finding that fails the step' });
export const FindingShape = z.strictObject({ rule: z.string(), level: z.enum(LEVELS), msg: z.string() });
export type FindingShape = z.output<typeof FindingShape>;

/** Names accepted as keys of an input document. */
export const InputName = z.string().regex(PATTERN.id, { error: 'not a name; use letters, digits and hyphens' });

/** `2 deny, 1 warn`, or `no findings`. */
export function countText(findings: readonly FindingShape[]): string {
  const counts = [...LEVELS].reverse().map((level) => ({ level, count: findings.filter((each) => each.level === level).length }));
  return (
    counts
      .filter(({ count }) => count > 0)
      .map(({ level, count }) => `${count} ${level}`)
      .join(', ') || 'no findings'
  );
}

/** @throws {SlipwayError} with `code` when a finding is at least as severe as `failOn`; every such finding is listed. */
export function refuse(findings: readonly FindingShape[], failOn: z.output<typeof FailOn>, code: 'POLICY_DENIED' | 'COMPLIANCE_FAILED'): void {
  if (failOn === 'never') return;
  const severe = findings.filter(({ level }) => LEVELS.indexOf(level) >= LEVELS.indexOf(failOn));
  if (severe.length === 0) return;
  throw new SlipwayError(code, `${severe.length} finding${severe.length > 1 ? 's' : ''}: ${severe.map(({ rule, msg }) => `${rule}: ${msg}`).join('; ')}`, {
    hint: 'change what the findings name, or ask the owners of the policy',
  });
}
