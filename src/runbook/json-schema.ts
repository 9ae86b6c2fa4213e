import { isArray, isObject, type Json, type JsonObject, SlipwayError } from '../core/index.ts';
import { type AnyKind, kinds as registeredKinds } from '../steps/index.ts';
import { withSchemaOf } from './kinds.ts';
import { DOCUMENT_KINDS, DOCUMENTS, type DocumentKind, isDocumentKind, jsonSchemaOf } from './shape/documents.ts';

const EXPRESSION: JsonObject = { type: 'string', pattern: '\\$\\{\\{', description: 'an expression: ${{ … }}' };
const DIALECT = 'https://json-schema.org/draft/2020-12/schema';

/**
 * JSON Schema for editors: of one kind of file, or of all. A step's `with` follows its `uses`, and every setting that is no
 * text may also be an expression.
 *
 * @throws {SlipwayError} `UNKNOWN_FILE_KIND`.
 */
export function schema(kind?: string, kinds: readonly AnyKind[] = registeredKinds): JsonObject {
  if (kind === undefined) return allKinds(kinds);
  if (!isDocumentKind(kind)) {
    throw new SlipwayError('UNKNOWN_FILE_KIND', `there is no kind of file "${kind}"`, { exitCode: 2, hint: `kinds: ${DOCUMENT_KINDS.join(', ')}` });
  }
  return { title: `Slipway ${kind}`, ...ofKind(kind, kinds) };
}

function allKinds(kinds: readonly AnyKind[]): JsonObject {
  const defs = Object.fromEntries(DOCUMENT_KINDS.map((kind) => [kind, embedded(ofKind(kind, kinds), `#/$defs/${kind}`)]));
  const branches = DOCUMENT_KINDS.map((kind) => ({ if: { properties: { kind: { const: kind } }, required: ['kind'] }, then: { $ref: `#/$defs/${kind}` } }));
  return {
    $schema: DIALECT,
    title: 'Slipway',
    type: 'object',
    required: ['kind'],
    properties: { kind: { enum: DOCUMENT_KINDS } },
    allOf: branches,
    $defs: defs,
  };
}

function ofKind(kind: DocumentKind, kinds: readonly AnyKind[]): JsonObject {
  const plain = jsonSchemaOf(DOCUMENTS[kind]);
  return kind === 'Runbook' ? withStepKinds(plain, kinds) : plain;
}

/** Schemas inside a larger one: their own references start where they are put. */
function embedded(value: JsonObject, base: string): JsonObject {
  const { $schema: _dialect, ...rest } = value;
  return rebase(rest, base);
}

function rebase(value: JsonObject, base: string): JsonObject {
  return Object.fromEntries(
    Object.entries(value).map(([key, child]) => [key, key === '$ref' && typeof child === 'string' ? child.replace(/^#/, base) : rebaseChild(child, base)]),
  );
}

function rebaseChild(value: Json, base: string): Json {
  if (isArray(value)) return value.map((item) => rebaseChild(item, base));
  return isObject(value) ? rebase(value, base) : value;
}

/** Say per kind what `with` is, wherever the schema describes something with `uses` and `with`. */
function withStepKinds(plain: JsonObject, kinds: readonly AnyKind[]): JsonObject {
  const settings = Object.fromEntries(kinds.map((kind) => [`with.${kind.uses}`, settingsOf(kind)]));
  const described = describeUses(plain, kinds);
  const root = isObject(described) ? described : {};
  return { ...root, $defs: { ...(isObject(root['$defs']) ? root['$defs'] : {}), ...settings } };
}

function settingsOf(kind: AnyKind): JsonObject {
  const base = `#/$defs/with.${kind.uses}`;
  return { title: kind.uses, description: kind.summary, examples: [toJson(kind.example)], ...orExpression(embedded(withSchemaOf(kind), base)) };
}

function toJson(value: unknown): Json {
  return JSON.parse(JSON.stringify(value)) as Json; // examples are written in the notation of runbooks
}

function describeUses(value: Json, kinds: readonly AnyKind[]): Json {
  if (isArray(value)) return value.map((item) => describeUses(item, kinds));
  if (!isObject(value)) return value;
  const inner = Object.fromEntries(Object.entries(value).map(([key, child]) => [key, describeUses(child, kinds)]));
  const { properties } = inner;
  if (!isObject(properties) || !isObject(properties['uses']) || !isObject(properties['with'])) return inner;
  const uses = { ...properties['uses'], enum: kinds.map((kind) => kind.uses), enumDescriptions: kinds.map((kind) => kind.summary) };
  const branches = kinds.map((kind) => ({
    if: { properties: { uses: { const: kind.uses } }, required: ['uses'] },
    then: { properties: { with: { $ref: `#/$defs/with.${kind.uses}` } } },
  }));
  return { ...inner, properties: { ...properties, uses }, allOf: branches };
}

/** Settings whose value is no text may be an expression that gives it. */
function orExpression(value: JsonObject): JsonObject {
  const children = Object.fromEntries(Object.entries(value).map(([key, child]) => [key, changeChild(key, child)]));
  return children;
}

function changeChild(key: string, child: Json): Json {
  if ((key === 'properties' || key === '$defs' || key === 'patternProperties') && isObject(child)) {
    return Object.fromEntries(Object.entries(child).map(([name, property]) => [name, key === '$defs' ? changed(property) : alternative(property)]));
  }
  if ((key === 'items' || key === 'additionalProperties') && isObject(child)) return alternative(child);
  if ((key === 'anyOf' || key === 'oneOf' || key === 'allOf' || key === 'prefixItems') && isArray(child)) return child.map(changed);
  return child;
}

function changed(value: Json): Json {
  return isObject(value) ? orExpression(value) : value;
}

function alternative(value: Json): Json {
  if (!isObject(value)) return value;
  const isPlainText =
    value['type'] === 'string' &&
    value['pattern'] === undefined &&
    value['enum'] === undefined &&
    value['const'] === undefined &&
    value['format'] === undefined;
  if (isPlainText || Object.keys(value).length === 0 || value['slipwayShell'] === true || value['slipwayFixed'] !== undefined || value['const'] !== undefined)
    return value;
  const { description, ...rest } = orExpression(value);
  return { ...(description === undefined ? {} : { description }), anyOf: [rest, EXPRESSION] };
}
