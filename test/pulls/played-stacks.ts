import { digestOf } from '../../src/core/index.ts';
import type { PulumiPort, StackChange, StackPreview } from '../../src/steps/index.ts';

/** Stacks without a cloud: what a preview or a look for drift finds is what a test has put there. */
export interface PlayedStacks {
  readonly port: PulumiPort;
  /** Names of resources that somebody has changed behind Slipway's back. */
  readonly drifted: string[];
  /** Names of resources that the programs would change. */
  readonly changing: string[];
  /** What the program throws when it is previewed. */
  failing: Error | undefined;
}

export function playStacks(): PlayedStacks {
  const drifted: string[] = [];
  const changing: string[] = [];
  const played: { failing: Error | undefined } = { failing: undefined };
  const previewed = (names: readonly string[]): StackPreview => ({
    changes: names.map((name): StackChange => ({ op: 'update', type: 'test:index:Thing', name, urn: `urn:${name}`, properties: ['size'], facts: {} })),
    counts: { update: names.length },
    warnings: [],
    approximate: false,
  });
  const result = async () => ({ counts: { update: changing.length }, outputs: {}, stateDigest: digestOf(['after']) });
  return Object.assign(played, {
    drifted,
    changing,
    port: {
      state: async () => ({ exists: true, digest: digestOf(['before']), resources: 1, outputs: {}, pending: [] }),
      preview: async (_target, operation) => {
        if (played.failing) throw played.failing;
        return previewed(operation === 'refresh' ? drifted : changing);
      },
      up: result,
      refresh: result,
      destroy: result,
      import: result,
    } satisfies PulumiPort,
  });
}
