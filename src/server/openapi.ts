import { z } from 'zod';
import { isArray, isObject, type Json, type JsonObject } from '../core/index.ts';
import { Problem } from './http/problem.ts';
import type { Route } from './http/route.ts';

const ALWAYS = [400, 401, 403, 429, 500] as const;
const PROBLEM_WORDS: { readonly [status: number]: string } = {
  400: 'the request has mistakes; errors lists all of them',
  401: 'nobody is signed in, or the signature is wrong',
  403: 'the caller may not',
  404: 'there is no such thing',
  408: 'the request came too slowly',
  409: 'it does not fit how things stand',
  413: 'the body is too large',
  415: 'the body has a type that is not taken',
  422: 'it was understood and cannot be done',
  429: 'too many requests; see Retry-After',
  500: 'an error of the server',
};
const LIMIT_HEADERS = Object.fromEntries(
  [
    ['RateLimit-Limit', 'requests a minute'],
    ['RateLimit-Remaining', 'requests that are left'],
    ['RateLimit-Reset', 'seconds until all of them are there again'],
  ].map(([name = '', description = '']) => [name, { description, schema: { type: 'integer' } }]),
);

/** The document that describes the API, in OpenAPI 3.1, made from the routes and shapes that are served. */
export function openApiOf(routes: readonly Route[], { version, publicUrl }: { readonly version: string; readonly publicUrl?: string }): JsonObject {
  const paths: { [path: string]: { [method: string]: Json } } = {};
  for (const route of routes) (paths[route.path] ??= {})[route.method] = operationOf(route);
  return {
    openapi: '3.1.1',
    info: {
      title: 'Slipway',
      version,
      description: 'Runbooks, plans, runs, events, approvals, waves, inventory, drift and audit. Errors are problems as RFC 9457 says.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    ...(publicUrl === undefined ? {} : { servers: [{ url: publicUrl }] }),
    security: [{ token: [] }, { session: [], csrf: [] }],
    tags: [...new Set(routes.map(({ tag }) => tag))].map((name) => ({ name })),
    paths,
    components: {
      schemas: { Problem: schemaOf(Problem, 'output') },
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer', description: 'a token of "slipway token create"' },
        session: { type: 'apiKey', in: 'cookie', name: '__Host-slipway', description: 'the session of a person who has signed in' },
        csrf: { type: 'apiKey', in: 'header', name: 'X-CSRF-Token', description: 'goes with the session for everything that changes something' },
      },
    },
  };
}

function operationOf(route: Route): Json {
  const { id, summary, tag, open, success } = route;
  const body = bodyOf(route);
  const problems = [...new Set([...ALWAYS, ...(route.problems ?? [])])].toSorted((a, b) => a - b);
  return {
    operationId: id,
    summary,
    tags: [tag],
    ...(open === 'callers' ? {} : { security: [] }),
    parameters: parametersOf(route),
    ...(body ? { requestBody: { required: true, content: body } } : {}),
    responses: {
      [String(success.status)]: {
        description: success.about,
        headers: LIMIT_HEADERS,
        ...(success.schema ? { content: contentOf(success.schema, success.mediaType) } : {}),
      },
      ...(route.method === 'get' && open === 'callers' ? { '304': { description: 'the caller has it already' } } : {}),
      ...Object.fromEntries(problems.map((status) => [String(status), problemOf(status)])),
    },
  };
}

function bodyOf({ body, rawBody }: Route): JsonObject | undefined {
  const shapes = rawBody ?? (body ? { 'application/json': body } : undefined);
  return shapes && Object.fromEntries(Object.entries(shapes).map(([type, shape]) => [type, { schema: schemaOf(shape, 'input') }]));
}

function contentOf(schema: z.ZodType, mediaType = 'application/json'): JsonObject {
  return { [mediaType]: { schema: schemaOf(schema, 'output') } };
}

function problemOf(status: number): Json {
  return { description: PROBLEM_WORDS[status] ?? 'an error', content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } } };
}

function parametersOf({ params, query, headers = {} }: Route): Json {
  return [
    ...membersOf(params).map(([name, schema]) => ({ name, in: 'path', required: true, schema })),
    ...membersOf(query).map(([name, schema, required]) => ({
      name,
      in: 'query',
      required,
      schema,
      ...(isList(schema) ? { style: 'form', explode: true } : {}),
    })),
    ...Object.entries(headers).map(([name, description]) => ({ name, in: 'header', required: false, description, schema: { type: 'string' } })),
  ];
}

function membersOf(shape: z.ZodObject | undefined): readonly (readonly [string, Json, boolean])[] {
  if (!shape) return [];
  const { properties, required } = schemaOf(shape, 'input');
  const needed = Array.isArray(required) ? required : [];
  return isObject(properties) ? Object.entries(properties).map(([name, schema]) => [name, schema, needed.includes(name)] as const) : [];
}

function isList(schema: Json): boolean {
  return isObject(schema) && Array.isArray(schema['anyOf']);
}

/** JSON Schema of a shape, as OpenAPI 3.1 takes it: the dialect is the document's own. Our only recursive shape is JSON itself, which needs no words. */
function schemaOf(shape: z.ZodType, io: 'input' | 'output'): JsonObject {
  const { $schema: _dialect, $defs: _json, ...schema } = z.toJSONSchema(shape, { io, unrepresentable: 'any', reused: 'inline' });
  return plain(JSON.parse(JSON.stringify(schema)) as JsonObject); // an object schema without what is undefined
}

function plain(schema: JsonObject): JsonObject {
  if (typeof schema['$ref'] === 'string' && schema['$ref'].startsWith('#/$defs/__schema')) return {};
  return Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, plainValue(value)]));
}

function plainValue(value: Json): Json {
  if (isArray(value)) return value.map(plainValue);
  return isObject(value) ? plain(value) : value;
}
