import { SlipwayError } from '../../core/index.ts';

/** The source does not answer, or answers that it cannot now. */
export function down(source: string, why: string, cause?: unknown): SlipwayError {
  return new SlipwayError('METRIC_SOURCE_DOWN', `the metric source ${source} does not answer: ${why}`, {
    retry: 'afterBackoff',
    hint: 'is it up, and is its address right?',
    cause,
  });
}

/** The source does not let us in. */
export function denied(source: string, why: string, cause?: unknown): SlipwayError {
  return new SlipwayError('METRIC_SOURCE_DENIED', `the metric source ${source} refuses us: ${why}`, {
    hint: 'look at the credential that the source names, and at what it may read',
    cause,
  });
}

/** The source understood who asks, but not the question. */
export function wrong(source: string, why: string, cause?: unknown): SlipwayError {
  return new SlipwayError('METRIC_QUERY_WRONG', `the metric source ${source} cannot answer the query: ${why}`, {
    hint: 'try the query by hand, then change it in the runbook',
    cause,
  });
}

/** The library for a cloud is optional, and not there. */
export function sdkMissing(source: string, packages: readonly string[], cause: unknown): SlipwayError {
  return new SlipwayError('METRIC_SDK_MISSING', `the metric source ${source} needs ${packages.join(' and ')}, which cannot be loaded`, {
    hint: `npm install ${packages.join(' ')}`,
    cause,
  });
}

/** At most so much of what somebody else says goes into a message. */
export function shortened(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  return line.length <= 300 ? line : `${line.slice(0, 299)}…`;
}
