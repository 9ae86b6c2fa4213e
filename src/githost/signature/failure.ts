import { SlipwayError } from '../../core/index.ts';

export function missing(what: string): SlipwayError {
  return new SlipwayError('SIGNATURE_MISSING', `the request has no ${what}`, { hint: 'set the same secret at the sender and here' });
}
/** Never says which part was wrong: whoever forges learns nothing. */
export function invalid(): SlipwayError {
  return new SlipwayError('SIGNATURE_INVALID', 'the signature is not one of ours', {
    hint: 'is the secret at the sender one of those configured here, and does nothing between change the body?',
  });
}
export function stale(seconds: number): SlipwayError {
  return new SlipwayError('SIGNATURE_STALE', `the request was signed ${Math.abs(seconds)} s ${seconds < 0 ? 'ahead of' : 'before'} our time`, {
    hint: 'it is a replay, or a clock is wrong',
  });
}
