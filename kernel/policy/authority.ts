import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type * as Cedar from '@cedar-policy/cedar-wasm/nodejs';
import { fault } from '../contract/fault.ts';
import type { EntityJson } from './action-entity.ts';
import type { Decision, PolicySource } from './compile.ts';
import { withExactIntegers } from './integer-literal.ts';
import { isObject } from './json.ts';
import { schemaTextBytesMax } from './limits.ts';
import { placeOf, type Statement, statements } from './policy-text.ts';
import type { EntityUid } from './value.ts';

/** A policy as the engine read it. `est` is its JSON form, which `compilePolicy` takes; `line` is where it begins. */
export type ParsedPolicy = {
  readonly text: string;
  readonly est: Readonly<Record<string, unknown>>;
  readonly template: boolean;
  readonly line: number;
};

/** A Cedar schema, as text or in its JSON form. */
export type PolicySchema = string | Readonly<Record<string, unknown>>;

/** What the engine has against a policy: where in its text, and why. */
export type PolicyProblem = {
  readonly policy: string;
  readonly line: number;
  readonly column: number;
  readonly sentence: string;
  readonly warning: boolean;
};

type Engine = typeof Cedar;
const require = createRequire(import.meta.url);
const engineModule = '@cedar-policy/cedar-wasm/nodejs';

/**
 * Runs one call of the engine, loading it when first needed. A call that overflows its stack leaves it broken, so that
 * it is loaded anew for the next one; the limits on text make that rare.
 */
function ask<T>(call: (engine: Engine) => T): T {
  try {
    return call(require(engineModule) as Engine);
  } catch (cause) {
    delete require.cache[require.resolve(engineModule)];
    throw fault('PolicyInvalid', { detail: `The policy engine cannot read this: ${(cause as Error).message}.`, cause });
  }
}

/** The version of the engine's package, known without loading the engine. */
export function enginePackage(): string {
  const manifest = join(dirname(require.resolve(engineModule)), '..', 'package.json');
  return (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version;
}

/** The engine's name and version, and the version of the language it speaks. */
export function engineVersion(): { readonly engine: string; readonly language: string } {
  return ask((engine) => ({ engine: `cedar ${engine.getCedarSDKVersion()}`, language: engine.getCedarLangVersion() }));
}

/**
 * Parses a document of policies and templates into their JSON form, in order. Throws PolicyInvalid with line, column and
 * the engine's sentence. Integers beyond a number's exact range become sums that have their value.
 */
export function parsePolicies(document: string): ParsedPolicy[] {
  return statements(document).map((statement) => {
    const body = parse(statement.text, statement, document, statement.start);
    const est = withExactIntegers(statement, body, (text) => parse(text, statement, text, 0));
    return { text: statement.text.trim(), est, template: statement.template, line: placeOf(document, firstToken(statement)).line };
  });
}

function firstToken({ text, start }: Statement): number {
  return start + text.length - text.trimStart().length;
}

function parse(text: string, { template }: Statement, document: string, start: number): Readonly<Record<string, unknown>> {
  const answer = ask((engine) => (template ? engine.templateToJson(text) : engine.policyToJson(text)));
  if (answer.type === 'success') return answer.json as unknown as Readonly<Record<string, unknown>>;
  throw refusal(answer.errors, document, start);
}

function refusal(errors: readonly Cedar.DetailedError[], document: string, start: number): Error {
  const [first] = errors;
  if (!first) return fault('PolicyInvalid');
  const { line, column } = locate(first, document, start);
  return fault('PolicyInvalid', { path: `${line}:${column}`, detail: `Line ${line}, column ${column}: ${sentence(first)}` });
}

/** The engine counts bytes of UTF-8 from the start of what it was given. */
function locate(error: Cedar.DetailedError, document: string, start: number): { line: number; column: number } {
  const bytes = error.sourceLocations?.[0]?.start ?? 0;
  const before = Buffer.from(document.slice(start)).subarray(0, bytes).toString();
  return placeOf(document, start + before.length);
}

function sentence({ message, help, sourceLocations }: Cedar.DetailedError): string {
  const more = [sourceLocations?.[0]?.label, help].filter((text) => typeof text === 'string' && text !== '');
  return [message.replace(/^failed to parse (?:policy|template)(?: with id `[^`]*`)? from string: /, ''), ...more].join('; ');
}

/** Holds policies, each of one statement, against a schema. An empty list means that they may be stored; warnings do not forbid it. */
export function validatePolicies(
  policies: readonly { readonly id: string; readonly text: string }[],
  schema: PolicySchema,
): PolicyProblem[] {
  const texts = new Map(policies.map(({ id, text }) => [id, text]));
  const isTemplate = new Map(policies.map(({ id, text }) => [id, onlyStatement(id, text).template]));
  const named = (template: boolean) => Object.fromEntries([...texts].filter(([id]) => isTemplate.get(id) === template));
  const call = { schema: checkedSchema(schema), policies: { staticPolicies: named(false), templates: named(true), templateLinks: [] } };
  const answer = ask((engine) => engine.validate(call));
  if (answer.type === 'failure') throw refusal(answer.errors, typeof schema === 'string' ? schema : '', 0);
  const problem =
    (warning: boolean) =>
    ({ policyId, error }: Cedar.ValidationError) => {
      const place = locate(error, texts.get(policyId) ?? '', 0);
      return { policy: policyId, ...place, sentence: sentence(error), warning };
    };
  const found = [...answer.validationErrors.map(problem(false)), ...answer.validationWarnings.map(problem(true))];
  return found.sort(
    (a, b) => Number(a.warning) - Number(b.warning) || a.policy.localeCompare(b.policy) || a.line - b.line || a.column - b.column,
  );
}

function onlyStatement(id: string, text: string): Statement {
  const [only, ...more] = statements(text);
  if (!only || more.length > 0) throw fault('PolicyInvalid', `Policy ${JSON.stringify(id)} has to be one statement.`);
  return only;
}

function checkedSchema(schema: PolicySchema): Cedar.Schema {
  const text = typeof schema === 'string' ? schema : JSON.stringify(schema);
  if (Buffer.byteLength(text) <= schemaTextBytesMax) return schema as Cedar.Schema;
  throw fault('PolicyInvalid', `The schema is longer than schemaTextBytesMax (${schemaTextBytesMax} bytes) allows.`);
}

/** Parses a schema, text or JSON, into its JSON form. Throws PolicyInvalid with the place and the engine's sentence. */
export function parseSchema(schema: PolicySchema): Readonly<Record<string, unknown>> {
  const answer = ask((engine) => engine.schemaToJson(checkedSchema(schema)));
  if (answer.type === 'failure') throw refusal(answer.errors, typeof schema === 'string' ? schema : '', 0);
  return answer.json as unknown as Readonly<Record<string, unknown>>;
}

/** A schema as people read it. */
export function schemaText(schema: PolicySchema): string {
  const answer = ask((engine) => engine.schemaToText(checkedSchema(schema)));
  if (answer.type === 'failure') throw refusal(answer.errors, '', 0);
  return answer.text;
}

/** Sets policies in the customary layout. Throws PolicyInvalid like `parsePolicies`. */
export function formatPolicies(document: string): string {
  statements(document);
  const answer = ask((engine) => engine.formatPolicies({ policyText: document }));
  if (answer.type === 'failure') throw refusal(answer.errors, document, 0);
  return answer.formatted_policy;
}

/** A question to the engine, all of it JSON. Integers beyond a number's exact range are bigints. */
export type EngineRequest = {
  readonly principal: EntityUid;
  readonly action: EntityUid;
  readonly resource: EntityUid;
  readonly context: Readonly<Record<string, unknown>>;
};
export type EngineSet = { decide(request: EngineRequest, entities: readonly EntityJson[]): Decision };

let engineSets = 0;

/**
 * Makes a policy set that the engine itself decides with, for comparison: it answers as `compilePolicySet` must. A
 * policy is text, or the JSON form where that is at hand. The engine keeps the set until it is loaded anew.
 */
export function engineSet(policies: readonly (PolicySource | { readonly id: string; readonly text: string })[]): EngineSet {
  const name = `set${engineSets++}`;
  const part = (linked: boolean) => policies.filter((policy) => ('slots' in policy && policy.slots !== undefined) === linked);
  const staticPolicies = Object.fromEntries(part(false).map((policy) => [policy.id, 'text' in policy ? policy.text : exact(policy.est)]));
  const templates = Object.fromEntries(
    part(true).map((policy) => [`template of ${policy.id}`, 'text' in policy ? policy.text : exact(policy.est)]),
  );
  const templateLinks = part(true).map((policy) => ({
    templateId: `template of ${policy.id}`,
    newId: policy.id,
    values: 'slots' in policy ? policy.slots : {},
  }));
  const answer = ask((engine) => engine.preparsePolicySet(name, { staticPolicies, templates, templateLinks } as Cedar.PolicySet));
  if (answer.type === 'failure') throw refusal(answer.errors, '', 0);
  return { decide: (request, entities) => decideBy(name, request, entities) };
}

function decideBy(name: string, request: EngineRequest, entities: readonly EntityJson[]): Decision {
  const call = { ...request, context: exact(request.context), entities: exact(entities), preparsedPolicySetId: name };
  const answer = ask((engine) => engine.statefulIsAuthorized(call as unknown as Cedar.StatefulAuthorizationCall));
  if (answer.type === 'failure') throw fault('BadInput', answer.errors.map(({ message }) => message).join('; '));
  const { decision, diagnostics } = answer.response;
  return {
    allow: decision === 'allow',
    reasons: diagnostics.reason,
    errors: diagnostics.errors.map(({ policyId, error }) => ({ policy: policyId, message: error.message })),
  };
}

/** The same JSON with bigints as numbers that the engine reads digit by digit. */
function exact(json: unknown): unknown {
  if (typeof json === 'bigint') return (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(`${json}`);
  if (Array.isArray(json)) return json.map(exact);
  return isObject(json) ? Object.fromEntries(Object.entries(json).map(([name, value]) => [name, exact(value)])) : json;
}
