import { type ErrorDetail, SlipwayError } from '../core/index.ts';

export type HostErrorCode =
  | 'HOST_NAME'
  | 'HOST_SECRET'
  | 'HOST_NOT_FOUND'
  | 'HOST_DENIED'
  | 'HOST_RATE_LIMITED'
  | 'HOST_UNREACHABLE'
  | 'HOST_FAILED'
  | 'HOST_ANSWER'
  | 'HOST_UNSUPPORTED'
  | 'HOST_PACKAGE'
  | 'PULL_TOO_LARGE'
  | 'PULL_HEAD_MOVED'
  | 'PULL_NOT_MERGEABLE'
  | 'COMMENT_NOT_OURS'
  | 'FILE_TOO_LARGE';

export interface HostErrorDetail extends ErrorDetail {
  /** HTTP status, when there was an answer. */
  readonly status?: number;
  /** Milliseconds since the epoch: not before then. */
  readonly retryAt?: number;
  /** A write was sent, and nobody knows whether it happened. Look before it is sent again. */
  readonly uncertain?: boolean;
}

/** A Git host did not do what it was asked. */
export class HostError extends SlipwayError {
  declare readonly code: HostErrorCode;
  readonly status: number | undefined;
  readonly retryAt: number | undefined;
  readonly uncertain: boolean;

  constructor(code: HostErrorCode, message: string, detail: HostErrorDetail = {}) {
    super(code, message, detail);
    this.status = detail.status;
    this.retryAt = detail.retryAt;
    this.uncertain = detail.uncertain ?? false;
  }
}
