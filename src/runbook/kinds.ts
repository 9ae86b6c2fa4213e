import type { JsonObject } from '../core/index.ts';
import { type ExprType, typeOfJsonSchema } from '../expr/index.ts';
import type { AnyKind } from '../steps/index.ts';
import { jsonSchemaOf } from './shape/documents.ts';

/** The kinds of step a runbook may use, by name. */
export type Kinds = ReadonlyMap<string, AnyKind>;

const maps = new WeakMap<readonly AnyKind[], Kinds>();
const outputTypes = new WeakMap<AnyKind, ExprType>();

/** The lookup of a registry, made once. */
export function kindsOf(registry: readonly AnyKind[]): Kinds {
  const known = maps.get(registry) ?? new Map(registry.map((kind) => [kind.uses, kind]));
  maps.set(registry, known);
  return known;
}

/** JSON Schema of what `with` accepts. */
export function withSchemaOf(kind: AnyKind): JsonObject {
  return jsonSchemaOf(kind.with);
}

/** The static type of what a step of this kind gives to later steps. */
export function outputTypeOf(kind: AnyKind): ExprType {
  const known = outputTypes.get(kind);
  if (known) return known;
  const type = typeOfJsonSchema(jsonSchemaOf(kind.outputs, 'output'));
  outputTypes.set(kind, type);
  return type;
}
