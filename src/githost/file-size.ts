import { HostError } from './error.ts';

/** Files that Slipway reads through a host are small: owners, rules, runbooks. */
export const MOST_FILE_BYTES = 1024 * 1024;

export function tooLarge(path: string, bytes: number): HostError {
  return new HostError('FILE_TOO_LARGE', `${path} has ${bytes} bytes, and ${MOST_FILE_BYTES} is the most that is read from a host`, {
    hint: 'read it from the mirror',
  });
}
