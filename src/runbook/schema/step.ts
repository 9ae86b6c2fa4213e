import { z } from 'zod';
import { Duration, Env, IDEMPOTENCY, Percent, Secretable } from '../../steps/index.ts';
import { Expression, Id, Retry } from './common.ts';

/** A step as written. `with` is checked by the kind that `uses` names; every value in it may be an expression. */
export interface Step {
  readonly id?: string | undefined;
  readonly name?: string | undefined;
  readonly uses?: string | undefined;
  readonly with?: Record<string, unknown> | undefined;
  readonly run?: string | undefined;
  readonly env?: Record<string, unknown> | undefined;
  readonly needs?: string[] | undefined;
  readonly if?: string | undefined;
  readonly foreach?: unknown[] | string | undefined;
  readonly maxParallel?: number | undefined;
  readonly failFast?: boolean | undefined;
  readonly timeout?: number | undefined;
  readonly heartbeat?: number | undefined;
  readonly deadline?: number | undefined;
  readonly retry?: z.output<typeof Retry> | undefined;
  readonly onFailure?: 'fail' | 'continue' | 'rollback' | 'pause' | undefined;
  readonly rescue?: Step[] | undefined;
  readonly finally?: Step[] | undefined;
  readonly compensate?: Step[] | undefined;
  readonly cases?: Record<string, Step[]> | undefined;
  readonly default?: Step[] | undefined;
  readonly idempotency?: (typeof IDEMPOTENCY)[number] | undefined;
  readonly hosts?: string | undefined;
  readonly serial?: number | (number | { fraction: number })[] | { fraction: number } | undefined;
  readonly throttle?: number | { fraction: number } | undefined;
  readonly strategy?: 'linear' | 'free' | 'hostFirst' | undefined;
  readonly order?: 'inventory' | 'reverse' | 'sorted' | 'shuffle' | undefined;
  readonly maxFailPercentage?: number | undefined;
  readonly maxErrors?: number | undefined;
  readonly anyErrorsFatal?: boolean | undefined;
  readonly runOnce?: boolean | undefined;
  readonly become?: z.output<typeof Become> | undefined;
  readonly changedWhen?: string | undefined;
  readonly failedWhen?: string | undefined;
  readonly creates?: string | undefined;
  readonly unless?: string | undefined;
}

export const Become = z.strictObject({
  user: z.string().min(1).optional(),
  method: z.enum(['sudo', 'su', 'doas']).optional(),
  password: Secretable.optional(),
});

/** A count of hosts, or a fraction of them. */
export const HostCount = z.union([z.int().min(1), Percent.transform((fraction) => ({ fraction }))]);
const Steps: z.ZodType<Step[]> = z.lazy(() => z.array(Step));

export const Step: z.ZodType<Step> = z.lazy(() =>
  z.strictObject({
    id: Id.optional(),
    name: z.string().optional(),
    uses: z.string().optional().meta({ description: 'the kind of step, for example pulumi.up' }),
    with: z.record(z.string(), z.unknown()).optional(),
    run: z.string().min(1).optional().meta({ description: 'shell text for hosts; short for uses: ssh.run' }),
    env: Env.optional(),
    needs: z.array(z.string()).optional(),
    if: Expression.optional(),
    foreach: z.union([z.array(z.json()), Expression]).optional(),
    maxParallel: z.int().min(1).max(1_000).optional(),
    failFast: z.boolean().optional(),
    timeout: Duration.optional(),
    heartbeat: Duration.optional(),
    deadline: Duration.optional(),
    retry: Retry.optional(),
    onFailure: z.enum(['fail', 'continue', 'rollback', 'pause']).optional(),
    rescue: Steps.optional(),
    finally: Steps.optional(),
    compensate: Steps.optional(),
    cases: z.record(z.string(), Steps).optional(),
    default: Steps.optional(),
    idempotency: z.enum(IDEMPOTENCY).optional(),
    hosts: z.string().min(1).optional().meta({ description: 'inventory pattern: web:&eu:!canary' }),
    serial: z.union([HostCount, z.array(HostCount).min(1)]).optional(),
    throttle: HostCount.optional(),
    strategy: z.enum(['linear', 'free', 'hostFirst']).optional(),
    order: z.enum(['inventory', 'reverse', 'sorted', 'shuffle']).optional(),
    maxFailPercentage: z.number().min(0).max(100).optional(),
    maxErrors: z.int().min(0).optional(),
    anyErrorsFatal: z.boolean().optional(),
    runOnce: z.boolean().optional(),
    become: Become.optional(),
    changedWhen: Expression.optional(),
    failedWhen: Expression.optional(),
    creates: z.string().optional(),
    unless: z.string().optional(),
  }),
);
