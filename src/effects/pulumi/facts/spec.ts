import type { Json, JsonObject } from '../../../core/index.ts';

/** What the allowlist knows about one type of resource; docs/stack-facts.md says what each fact means. Undefined is "not known". */
export interface Spec {
  readonly tags?: boolean | ((inputs: JsonObject) => Json | undefined);
  /** Lives in a region. */
  readonly region?: boolean;
  /** Holds data that a delete would lose. */
  readonly data?: boolean;
  readonly encrypted?: (inputs: JsonObject) => boolean | undefined;
  readonly kmsKey?: (inputs: JsonObject) => boolean | undefined;
  readonly tlsOnly?: (inputs: JsonObject) => boolean | undefined;
  readonly publicAccess?: (inputs: JsonObject) => boolean | undefined;
  readonly acl?: (inputs: JsonObject) => string | undefined;
  readonly ingress?: (inputs: JsonObject) => readonly IngressRule[] | undefined;
  readonly deleteProtected?: (inputs: JsonObject) => boolean | undefined;
  readonly backupDays?: (inputs: JsonObject) => number | undefined;
  readonly size?: (inputs: JsonObject) => string | undefined;
  readonly count?: (inputs: JsonObject) => number | undefined;
}
export interface IngressRule {
  readonly cidr: string;
  readonly fromPort: number;
  readonly toPort: number;
  readonly protocol: string;
}

/** Always true, for what a provider guarantees. */
export const yes = (): boolean => true;
/** A plain resource in a region that takes tags. */
export const plain: Spec = { tags: true, region: true };
/** A resource without region that takes tags. */
export const global: Spec = { tags: true };
/** A part of another resource. */
export const part: Spec = { region: true };
