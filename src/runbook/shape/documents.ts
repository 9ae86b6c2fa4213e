import { z } from 'zod';
import { isObject, type JsonObject } from '../../core/index.ts';
import { Access } from '../schema/access.ts';
import { Calendar, Environment, Inventory, ObjectiveFile, Portfolio, Wave } from '../schema/estate.ts';
import { Runbook } from '../schema/runbook.ts';

/** The shape of every kind of file. */
export const DOCUMENTS = { Runbook, Wave, Inventory, Calendar, Environment, Objective: ObjectiveFile, Portfolio, Access } as const;
export type DocumentKind = keyof typeof DOCUMENTS;
export const DOCUMENT_KINDS = Object.keys(DOCUMENTS) as readonly DocumentKind[]; // Object.keys forgets the names

/** Is this the name of a kind of file? */
export function isDocumentKind(name: unknown): name is DocumentKind {
  return typeof name === 'string' && Object.hasOwn(DOCUMENTS, name);
}

const cache = new WeakMap<z.ZodType, JsonObject>();

/** JSON Schema of a shape as a person writes it; what JSON Schema cannot say accepts anything. */
export function jsonSchemaOf(shape: z.ZodType, io: 'input' | 'output' = 'input'): JsonObject {
  const known = io === 'input' ? cache.get(shape) : undefined;
  if (known) return known;
  const made: unknown = z.toJSONSchema(shape, { io, unrepresentable: 'any' });
  const schema = isObject(made) ? made : {};
  if (io === 'input') cache.set(shape, schema);
  return schema;
}
