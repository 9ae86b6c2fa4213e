import { SlipwayError } from '../../core/index.ts';
import type { Host } from '../../steps/index.ts';
import { nameOf } from './trust.ts';

/** Nothing was started; worth another try later. */
export function unreachableHost(host: Host, cause: Error): SlipwayError {
  return new SlipwayError('SSH_UNREACHABLE', `cannot reach ${nameOf(host)}: ${cause.message}`, {
    retry: 'afterBackoff',
    hint: 'check that the machine runs, that its address and port are right, and that firewalls and jump hosts let us through',
    cause,
  });
}
