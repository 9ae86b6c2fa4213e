import { html } from 'hono/html';
import type { Json } from '../../core/index.ts';
import type { InputSchema } from '../../runbook/index.ts';
import type { Html } from './layout.ts';

/** What was wrong with a field. */
export interface FieldError {
  readonly name: string;
  readonly message: string;
}
interface Field {
  readonly name: string;
  readonly schema: InputSchema;
  readonly value: string | undefined;
  readonly errors: readonly string[];
}

/** The form of a runbook: one field for each input, made from its JSON Schema. */
export function inputFields(
  schemas: { readonly [name: string]: InputSchema },
  { values, errors }: { readonly values: { readonly [name: string]: string }; readonly errors: readonly FieldError[] },
): Html {
  const fields = Object.entries(schemas).map(([name, schema]) => {
    const own = errors.filter((error) => error.name === name || error.name.startsWith(`${name}.`)).map(({ message }) => message);
    return field({ name, schema, value: Object.hasOwn(values, name) ? values[name] : undefined, errors: own });
  });
  return html`${fields}`;
}

/** Everything that is wrong, before the form, with links to the fields. */
export function errorSummary(errors: readonly FieldError[]): Html {
  if (errors.length === 0) return html``;
  return html`<div class="alert" role="alert">
    <p>${errors.length === 1 ? 'One field is not right:' : `${errors.length} fields are not right:`}</p>
    <ul>
      ${errors.map(({ name, message }) => html`<li><a href="#input-${name.split('.')[0]}">${message}</a></li>`)}
    </ul>
  </div>`;
}

function field(of: Field): Html {
  const { name, schema, errors } = of;
  const described = [schema.description === undefined ? '' : `hint-${name}`, errors.length === 0 ? '' : `error-${name}`].filter((id) => id !== '').join(' ');
  return html`<div>
    <label for="input-${name}">${name}${isNeeded(schema) ? ' (needed)' : ''}</label>
    ${schema.description === undefined ? '' : html`<p class="hint" id="hint-${name}">${schema.description}</p>`} ${control(of, described)}
    ${errors.length === 0 ? '' : html`<p class="error" id="error-${name}">${errors.join('; ')}</p>`}
  </div>`;
}

function control({ name, schema, value, errors }: Field, described: string): Html {
  const shared = html`id="input-${name}" name="input.${name}" ${described === '' ? '' : html`aria-describedby="${described}"`}
  ${errors.length === 0 ? '' : html`aria-invalid="true"`} ${isNeeded(schema) ? html`required` : ''}`;
  if (schema.secret === true) return html`<input type="password" autocomplete="new-password" ${shared} />`;
  const now = value ?? textOf(schema.default);
  const options = optionsOf(schema);
  if (options)
    return html`<select ${shared}>
      ${options.map((option) => html`<option value="${option}" ${option === now ? html`selected` : ''}>${option}</option>`)}
    </select>`;
  if (schema.type === 'array' || schema.type === 'object') return html`<textarea rows="4" spellcheck="false" ${shared}>${now}</textarea>`;
  if (schema.type === 'string') return html`<input type="text" value="${now}" ${shared} ${lengths(schema)} />`;
  return html`<input type="number" value="${now}" step="${schema.type === 'integer' ? '1' : 'any'}" ${bounds(schema)} ${shared} />`;
}

function isNeeded({ default: otherwise }: InputSchema): boolean {
  return otherwise === undefined;
}

/** Choices, as text. A field that need not be filled in has its default chosen. */
function optionsOf({ type, enum: choices }: InputSchema): readonly string[] | undefined {
  if (type === 'boolean') return ['true', 'false'];
  return choices?.map(textOf);
}

function textOf(value: Json | undefined): string {
  if (value === undefined) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function bounds({ minimum, maximum }: InputSchema): Html {
  return html`${typeof minimum === 'number' ? html`min="${minimum}"` : ''} ${typeof maximum === 'number' ? html`max="${maximum}"` : ''}`;
}

function lengths({ minLength, maxLength }: InputSchema): Html {
  return html`${typeof minLength === 'number' ? html`minlength="${minLength}"` : ''} ${typeof maxLength === 'number' ? html`maxlength="${maxLength}"` : ''}`;
}

/** Inputs out of a form that was sent; a field that was left empty was not given, so that its default counts. */
export function inputsIn(form: URLSearchParams, schemas: { readonly [name: string]: InputSchema }): { readonly [name: string]: string } {
  const given = Object.keys(schemas).flatMap((name) => {
    const value = form.get(`input.${name}`);
    return value === null || value === '' ? [] : [[name, value.replaceAll('\r\n', '\n')] as const];
  });
  return Object.fromEntries(given);
}
