import {
  isGrpcDeadlineError,
  isGrpcServiceError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { EXIT, type ExitCode, isObject, messageOf, type RetryAdvice, SlipwayError } from '../../core/index.ts';
import type { TemporalSettings } from './settings.ts';

/** Status codes of gRPC that mean something to us. */
const GRPC = { invalid: 3, deadline: 4, notFound: 5, denied: 7, aborted: 10, unavailable: 14, unauthenticated: 16 } as const;
const CODES: ReadonlySet<unknown> = new Set(Object.values(EXIT));

/** What the server or the run says, in our words. */
export function temporalError(cause: unknown, place: Place): unknown {
  return recognized(cause, place) ?? new SlipwayError('ENGINE_REFUSED', `the Temporal server refused: ${wholeMessage(cause)}`, { cause });
}

/** The same while a connection is made: whatever else goes wrong then, in words of the client or of the worker, means that nobody answers as we expect. */
export function connectError(cause: unknown, place: Place): unknown {
  return recognized(cause, place) ?? unreachable(cause, place);
}

function recognized(cause: unknown, place: Place): SlipwayError | undefined {
  if (cause instanceof SlipwayError) return cause;
  if (cause instanceof WorkflowUpdateFailedError) return refusalOf(cause);
  const grpc = grpcCode(cause);
  if (isSilence(cause) || grpc === GRPC.unavailable) return unreachable(cause, place);
  if (grpc !== GRPC.denied && grpc !== GRPC.unauthenticated) return undefined;
  const { address, namespace } = place;
  return new SlipwayError('ENGINE_DENIED', `the Temporal server at ${address} does not let us into the namespace ${namespace}: ${messageOf(cause)}`, {
    cause,
    exitCode: EXIT.notAuthorized,
    hint: 'check TEMPORAL_NAMESPACE, the client certificate and the API key',
  });
}
type Place = Pick<TemporalSettings, 'address' | 'namespace'>;

function unreachable(cause: unknown, { address }: Place): SlipwayError {
  return new SlipwayError('ENGINE_UNREACHABLE', `no Temporal server answers at ${address}`, {
    cause,
    retry: 'afterBackoff',
    hint: 'check TEMPORAL_ADDRESS, the TLS settings and the network; for a trial run "temporal server start-dev"',
  });
}

/** A run that said no: code, hint and exit code travelled with it. */
function refusalOf({ cause }: WorkflowUpdateFailedError): SlipwayError {
  if (!(cause instanceof ApplicationFailure)) return new SlipwayError('ENGINE_REFUSED', `the run could not be asked: ${messageOf(cause)}`, { cause });
  const detail: unknown = cause.details?.[0];
  const { hint, retry, exitCode } = isObject(detail) ? detail : {};
  return new SlipwayError(cause.type ?? 'ENGINE_REFUSED', cause.message, {
    cause,
    ...(typeof hint === 'string' ? { hint } : {}),
    ...(isAdvice(retry) ? { retry } : {}),
    ...(CODES.has(exitCode) ? { exitCode: exitCode as ExitCode } : {}), // one of them, as was just checked
  });
}

function isAdvice(value: unknown): value is RetryAdvice {
  return value === 'never' || value === 'afterBackoff' || value === 'pauseForHuman';
}

/** Nobody answered in time. */
export function isSilence(cause: unknown): boolean {
  return isGrpcDeadlineError(cause) || cause instanceof WorkflowUpdateRPCTimeoutOrCancelledError || grpcCode(cause) === GRPC.deadline;
}

/** The workflow is not there, or over. */
export function isGone(cause: unknown): boolean {
  return cause instanceof WorkflowNotFoundError || grpcCode(cause) === GRPC.notFound;
}

/** The run continued as new while it was asked. */
export function isMoving(cause: unknown): boolean {
  return grpcCode(cause) === GRPC.aborted;
}

/** The server does not know an attribute that it was told of a moment ago, or never. */
export function isUnknownAttribute(cause: unknown): boolean {
  return grpcCode(cause) === GRPC.invalid && /search attribute|no mapping defined/i.test(wholeMessage(cause));
}

function grpcCode(cause: unknown): number | undefined {
  if (isGrpcServiceError(cause)) return cause.code;
  return cause instanceof Error && cause.cause !== undefined ? grpcCode(cause.cause) : undefined;
}

function wholeMessage(cause: unknown): string {
  const inner = cause instanceof Error && cause.cause !== undefined ? wholeMessage(cause.cause) : undefined;
  return inner === undefined ? messageOf(cause) : `${messageOf(cause)}: ${inner}`;
}
