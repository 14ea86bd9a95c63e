import type { AnyService, Door, Operation, Quota } from '../contract/contract.ts';
import { type Fault, kernelFaults } from '../contract/fault.ts';
import type { PlainSchema } from './plain-schema.ts';
import { routesOf } from './route.ts';

const generated = (from: string) => `<!-- Generated from ${from}; \`gamut generate\` writes it anew. -->`;

/** A table in Markdown. Bars and line ends in cells are escaped. */
function table(heads: readonly string[], rows: readonly (readonly string[])[]): string[] {
  if (rows.length === 0) return ['None.'];
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`;
  return [line(heads), `|${heads.map(() => '---').join('|')}|`, ...rows.map(line)];
}

/** docs/ERRORS.md: the table of operating errors and the rows that services add to it. */
export function errorsPage(known: ReadonlyMap<string, Fault>, contracts: readonly AnyService[]): string {
  const added = [...known].filter(([code]) => !(code in kernelFaults) && !contracts.some(({ errors }) => code in errors));
  const own = { ...kernelFaults, ...Object.fromEntries(added.sort(([one], [other]) => (one < other ? -1 : 1))) };
  const rows = (errors: Readonly<Record<string, Fault>>) =>
    Object.entries(errors).map(([code, { status, retry, text }]) => [`\`${code}\``, String(status), retry ? 'yes' : 'no', text]);
  const heads = ['Code', 'HTTP status', 'Repeat may succeed', 'Meaning'];
  return page(generated('the table of faults and the contracts'), '# Errors', [
    'Every refusal is one of these rows. Each door words it in its own dialect; REST answers a problem document (RFC 9457) whose',
    '`type` is `urn:gamut:fault:` and the code. When `detail` names a field, `path` is its JSON pointer.',
    '',
    '## Of the platform',
    '',
    ...table(heads, rows(own)),
    ...contracts
      .filter(({ errors }) => Object.keys(errors).length > 0)
      .flatMap(({ title, errors }) => ['', `## Of ${title}`, '', ...table(heads, rows(errors))]),
  ]);
}

/** A limit with its name and the package it is of. */
export type NamedLimit = {
  readonly area: string;
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly text: string;
};

/** docs/LIMITS.md: every named number, package by package. */
export function limitsPage(limits: readonly NamedLimit[]): string {
  const areas = [...new Set(limits.map(({ area }) => area))].sort();
  return page(generated('the limits.ts of every package'), '# Limits', [
    'Every queue, page, body, cache and wait has a named number.',
    ...areas.flatMap((area) => [
      '',
      `## ${area}`,
      '',
      ...table(
        ['Name', 'Value', 'Unit', 'What it bounds'],
        limits.filter((limit) => limit.area === area).map(({ name, value, unit, text }) => [`\`${name}\``, grouped(value), unit, text]),
      ),
    ]),
  ]);
}

function grouped(value: number): string {
  return Number.isInteger(value) ? String(value).replace(/\B(?=(\d{3})+$)/g, ',') : String(value);
}

/** docs/services/<name>.md: the reference of one service. */
export function servicePage(contract: AnyService): string {
  return page(generated(`the contract of ${contract.name}`), `# ${contract.title}`, [
    contract.text,
    '',
    '## Doors',
    '',
    ...table(['Door', 'Protocol', 'Usual port', 'Faces', 'What it is'], Object.entries(contract.doors).map(doorRow)),
    '',
    '## Resources',
    '',
    ...table(
      ['Kind', 'Of', 'What it is'],
      Object.entries(contract.resources).map(([kind, { of, text }]) => [`\`${kind}\``, of, text]),
    ),
    '',
    '## Operations',
    '',
    ...operationIndex(contract),
    ...Object.entries(contract.operations).flatMap(([name, operation]) => [
      '',
      `### ${name}`,
      '',
      ...operationText(contract, name, operation),
    ]),
    '',
    '## Roles',
    '',
    ...table(
      ['Role', 'May'],
      Object.entries(contract.roles).map(([role, members]) => [
        `\`${role}\``,
        members.map((member) => `\`${member}\``).join(', ') || 'nothing here',
      ]),
    ),
    '',
    '## Quotas',
    '',
    ...table(
      ['Quota', 'Bound', 'Of'],
      Object.entries(contract.quotas).map(([name, quota]) => [`\`${name}\``, quotaText(quota), quota.text]),
    ),
    '',
    '## Meters',
    '',
    ...table(
      ['Meter', 'Unit', 'By', 'What it counts'],
      Object.entries(contract.meters).map(([name, { unit, text, by = [] }]) => [`\`${name}\``, unit, by.join(', '), text]),
    ),
    '',
    '## Events',
    '',
    ...table(
      ['Type', 'When', 'Data'],
      Object.entries(contract.events).map(([name, { text, data }]) => [`\`${name}\``, text, typeText(data as PlainSchema)]),
    ),
    '',
    '## Errors',
    '',
    ...table(
      ['Code', 'HTTP status', 'Meaning'],
      Object.entries(contract.errors).map(([code, { status, text }]) => [`\`${code}\``, String(status), text]),
    ),
  ]);
}

function page(first: string, title: string, lines: readonly string[]): string {
  return [first, title, '', ...lines, ''].join('\n');
}

function doorRow([name, { protocol, port, faces, text }]: [string, Door]): string[] {
  return [`\`${name}\``, protocol, port === 0 ? 'any' : String(port), faces.join(', '), text];
}

function quotaText(quota: Quota): string {
  return quota.kind === 'count'
    ? `${grouped(quota.limit)} of ${quota.of} in a scope`
    : `${grouped(quota.perSecond)} ${quota.unit}s a second, ${grouped(quota.burst)} at once`;
}

function operationIndex(contract: AnyService): string[] {
  const addresses = new Map(routesOf(contract).map((route) => [route.operation, `\`${route.method} ${route.path}\``]));
  return table(
    ['Operation', 'REST', 'What it does'],
    Object.entries(contract.operations).map(([name, { text }]) => [`[${name}](#${name.toLowerCase()})`, addresses.get(name) ?? '-', text]),
  );
}

const audits: Readonly<Record<Operation['audit'], string>> = {
  'before-reply': 'Its audit record is durable before the reply.',
  'from-log': 'Its audit record comes from the durable log of the service.',
  window: 'Calls are counted in audit windows of a second.',
};
const bodies: Readonly<Record<string, string>> = {
  in: 'Takes bytes.',
  out: 'Answers bytes.',
  both: 'Takes and answers bytes.',
  watch: 'Answers changes as they happen.',
};

function operationText(contract: AnyService, name: string, operation: Operation): string[] {
  const list = (title: string, names: readonly string[] | undefined) =>
    names?.length ? [`${title}: ${names.map((each) => `\`${each}\``).join(', ')}.`] : [];
  const facts = [
    operation.text,
    bodies[operation.body ?? 'none'] ?? '',
    audits[operation.audit],
    operation.repeat === 'keyed' ? 'A repeat with the same idempotency key is answered from the stored reply.' : '',
  ];
  const input = fieldRows(operation.input as PlainSchema);
  const output = typeText(operation.output as PlainSchema);
  return [
    facts.filter(Boolean).join(' '),
    '',
    ...(input.length > 0 ? ['Input:', '', ...table(['Field', 'Type', 'Required', 'Meaning'], input), ''] : []),
    `Output: ${output}.`,
    ...list('Charges', operation.charge),
    ...list('Bound by', operation.quota),
    ...list('Emits', operation.emits),
    ...list('Own errors', operation.errors),
    ...(routesOf(contract).some((route) => route.operation === name) ? [] : ['Not offered in REST.']),
  ];
}

/** The fields of an input; those of objects with dots. */
function fieldRows(schema: PlainSchema, prefix = '', must = true): string[][] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, inner]) => {
    const required = must && (schema.required?.includes(name) ?? false);
    const own = [`\`${prefix}${name}\``, typeText(inner, inner.properties !== undefined), required ? 'yes' : 'no', inner.description ?? ''];
    return [own, ...fieldRows(inner, `${prefix}${name}.`, required)];
  });
}

/** A type in words, with its bounds. */
function typeText(schema: PlainSchema, brief = false): string {
  if ('const' in schema) return `\`${JSON.stringify(schema.const)}\``;
  if (schema.enum) return schema.enum.map((value) => `\`${JSON.stringify(value)}\``).join(' or ');
  const options = schema.anyOf ?? schema.oneOf;
  if (options) return options.map((option) => typeText(option)).join(' or ');
  switch (schema.type) {
    case 'string':
      return ['string', schema.format ?? '', range(schema.minLength, schema.maxLength, 'characters')].filter(Boolean).join(', ');
    case 'integer':
    case 'number':
      return [schema.type, range(schema.minimum, schema.maximum, '')].filter(Boolean).join(', ');
    case 'array':
      return [
        'list of',
        schema.items && !Array.isArray(schema.items) ? typeText(schema.items as PlainSchema) : 'values',
        range(schema.minItems, schema.maxItems, 'items'),
      ]
        .filter(Boolean)
        .join(' ');
    case 'object':
      return objectText(schema, brief);
    default:
      return schema.type === undefined ? 'any value' : String(schema.type);
  }
}

function objectText(schema: PlainSchema, brief: boolean): string {
  if (schema.patternProperties) return 'names and strings';
  const names = Object.keys(schema.properties ?? {});
  return brief || names.length === 0 ? 'object' : `object of ${names.map((name) => `\`${name}\``).join(', ')}`;
}

function range(least: number | undefined, most: number | undefined, unit: string): string {
  const words = unit === '' ? '' : ` ${unit}`;
  if (least !== undefined && most !== undefined) return `${grouped(least)} to ${grouped(most)}${words}`;
  if (most !== undefined) return `at most ${grouped(most)}${words}`;
  return least !== undefined && least > 0 ? `at least ${grouped(least)}${words}` : '';
}

/** contract.json: the contract as plain JSON in its own order, the same bytes for the same contract. */
export function contractJson(contract: AnyService): string {
  return `${JSON.stringify(contract, null, 1)}\n`;
}
