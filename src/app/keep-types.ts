import type { Archive, BackedUp, Imported, Restored } from '../journal/index.ts';
import type { AuditQuery, StoredAudit } from '../store/index.ts';
import type { Session } from './types.ts';

/** Use cases about the journal as a whole. */
export interface Keeping {
  /** Remove runs that ended long ago. Each removal is in the audit before it happens. */
  prune(session: Session, request: PruneRequest): Promise<Pruned>;
  /** Every run as text, one JSON object a line, oldest first; a run that is being driven is as it is at that moment. */
  exportRuns(session: Session): AsyncIterable<string>;
  /** @throws {SlipwayError} `IMPORT_BROKEN`, `VAULT_KEY`, `JOURNAL_NEWER`. */
  importRuns(session: Session, lines: AsyncIterable<string>): Promise<Imported>;
  /** @throws {SlipwayError} `BACKUP_EXISTS`, `BACKUP_ELSEWHERE`. */
  backUp(session: Session, file: string): Promise<BackedUp>;
  /** @throws {SlipwayError} `BACKUP_UNREADABLE`, `BACKUP_BROKEN`, `RESTORE_OVER`, `LOCKED`, `BACKUP_ELSEWHERE`. */
  restore(session: Session, file: string, options: { readonly replace: boolean }): Promise<Restored>;
  audit(session: Session, query: AuditQuery): Promise<readonly StoredAudit[]>;
  verifyAudit(session: Session): Promise<{ readonly ok: boolean; readonly text: string }>;
}
export interface PruneRequest {
  /** Time since the last event of a run, in milliseconds. */
  readonly olderThanMs: number;
  readonly keepEvidence: boolean;
  /** Only say what would go. */
  readonly dryRun: boolean;
}
export interface Pruned {
  /** Runs that went, or would go. */
  readonly runs: readonly string[];
  /** Runs that went on meanwhile and stayed. */
  readonly stayed: readonly string[];
  readonly evidence: number;
  readonly bytes: number;
}

/** What they need built for them. */
export interface KeepWiring {
  /** Opened for one use case and closed by it. */
  readonly archive: () => Promise<Archive>;
  /** Absent where the database has its own tools for it. */
  readonly backups?: {
    readonly make: (file: string) => Promise<BackedUp>;
    readonly restore: (file: string, replace: boolean) => Promise<Restored>;
  };
}
