import { defineSearchAttributeKey, type SearchAttributePair, TypedSearchAttributes } from '@temporalio/common';
import type { RunState } from '../events.ts';
import type { RemoteRun } from '../remote.ts';

/** By what runs can be found in Temporal's own pages. Pure: the workflow keeps the state up to date. */
export const SEARCH = {
  runbook: defineSearchAttributeKey('SlipwayRunbook', 'KEYWORD'),
  environment: defineSearchAttributeKey('SlipwayEnvironment', 'KEYWORD_LIST'),
  wave: defineSearchAttributeKey('SlipwayWave', 'KEYWORD'),
  state: defineSearchAttributeKey('SlipwayState', 'KEYWORD'),
} as const;

export function attributesOf({ runbook, environments, wave }: RemoteRun, state: RunState): TypedSearchAttributes {
  const pairs: SearchAttributePair[] = [
    { key: SEARCH.runbook, value: runbook },
    { key: SEARCH.state, value: state },
    ...(environments.length === 0 ? [] : [{ key: SEARCH.environment, value: [...environments] }]),
    ...(wave === undefined ? [] : [{ key: SEARCH.wave, value: wave }]),
  ];
  return new TypedSearchAttributes(pairs);
}
