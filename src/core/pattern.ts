/**
 * Patterns identifiers must match before they touch a path, an argument list or a key. A door of its own beside pure.ts: what all runs of a worker share is
 * frozen, and zod writes to the patterns it checks with.
 */
export const PATTERN = {
  /** Runbooks, phases, steps, inventories: `erp-to-cloud`, `setWeight10`. */
  id: /^[a-zA-Z][a-zA-Z0-9-]{0,62}$/,
  host: /^[a-zA-Z0-9]([a-zA-Z0-9._-]{0,252}[a-zA-Z0-9])?$/,
  /** Pulumi's own rule. */
  stackName: /^[A-Za-z0-9_.-]{1,100}$/,
  /** `<program>/<name>`: the folder under stacks/, and the Pulumi stack. */
  stack: /^[a-z0-9][a-z0-9-]{0,62}\/(?!\.{1,2}$)[A-Za-z0-9_.-]{1,100}$/,
  run: /^run-[0-9]{8}-[0-9a-hjkmnp-tv-z]{10}$/,
  /** A name the environment of a process can carry. */
  env: /^[A-Za-z_][A-Za-z0-9_]{0,127}$/,
} as const;
