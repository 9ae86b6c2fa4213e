import assert from 'node:assert/strict';
import type { z } from 'zod';
import type { HostCheck, HostContext, HostOutcome, HostProbe, PreviewContext, StepKind } from '../../src/steps/index.ts';

/** A kind that acts on hosts, called with `with` as a runbook writes it. */
export interface HostKind {
  readonly idempotency: string;
  accepts(raw: unknown): boolean;
  executeHost(raw: object, context: HostContext): Promise<HostOutcome>;
  probeHost(raw: object, context: HostContext): Promise<HostProbe>;
  preview(raw: object, context: PreviewContext): Promise<readonly HostCheck[]>;
}

export function hostKind<W extends z.ZodObject, O extends z.ZodObject>(kind: StepKind<W, O>): HostKind {
  assert.ok(kind.target === 'hosts', `${kind.uses} does not act on hosts`);
  return {
    idempotency: kind.idempotency,
    accepts: (raw) => kind.with.safeParse(raw).success,
    executeHost: async (raw, context) => {
      const outcome = await kind.executeHost(kind.with.parse(raw), context);
      kind.outputs.parse(outcome.outputs);
      return outcome;
    },
    probeHost: async (raw, context) => {
      assert.ok(kind.probeHost);
      return kind.probeHost(kind.with.parse(raw), context);
    },
    preview: async (raw, context) => {
      const preview = await kind.preview?.(kind.with.parse(raw), context);
      assert.ok(preview?.type === 'hosts');
      return preview.hosts;
    },
  };
}
