import type { PlainSchema } from '#kernel/derive/check-schema.ts';
import { titleOf, unitOf } from '../format/word.ts';

/** How a field is filled in. */
export type Control =
  | { readonly is: 'text' | 'lines' | 'email' | 'secret' | 'number' | 'switch' | 'list' | 'pairs' | 'moment' | 'json' }
  | { readonly is: 'choice'; readonly options: readonly { value: string; label: string; means: unknown }[] };

export type FieldPlan = {
  /** Where it stands in the input, as the steps of a JSON pointer. */
  readonly path: readonly string[];
  readonly title: string;
  readonly text: string | undefined;
  readonly unit: string | undefined;
  readonly required: boolean;
  readonly schema: PlainSchema;
  readonly control: Control;
};

export type GroupPlan = {
  readonly title: string;
  readonly text: string | undefined;
  readonly fields: readonly FieldPlan[];
  readonly folded: boolean;
};

/** The fields of an input in groups: what it is called, what must be said, what may be said, each nested object, labels. */
export function planOf(schema: PlainSchema, omit: readonly string[] = []): GroupPlan[] {
  const all = fieldsOf(schema, []).filter((field) => !omit.includes(field.path.join('/')));
  const isIdentity = (field: FieldPlan) => field.path.length === 1 && (field.path[0] === 'name' || field.path[0] === 'title');
  const isLabels = (field: FieldPlan) => field.path.at(-1) === 'labels' && field.path.length === 1;
  const isCondition = (field: FieldPlan) => field.path.length === 1 && field.path[0] === 'ifVersion';
  const rest = all.filter((field) => !isIdentity(field) && !isLabels(field) && !isCondition(field));
  const plain = rest.filter((field) => nestOf(field) === '');
  const groups: GroupPlan[] = [
    { title: '', text: undefined, fields: [...all.filter(isIdentity), ...plain.filter((field) => field.required)], folded: false },
    {
      title: 'Options',
      text: 'May be left as they are.',
      fields: plain.filter((field) => !field.required),
      folded: plain.filter((field) => !field.required).length > 4,
    },
  ];
  for (const nest of new Set(rest.map(nestOf).filter((each) => each !== ''))) {
    const fields = rest.filter((field) => nestOf(field) === nest);
    groups.push({
      title: titleOf(nest.split('/').at(-1) ?? nest),
      text: schemaAt(schema, nest.split('/'))?.description,
      fields,
      folded: !fields.some((field) => field.required),
    });
  }
  groups.push({ title: 'Labels', text: 'Short words for filters and policy.', fields: all.filter(isLabels), folded: true });
  return groups.filter((group) => group.fields.length > 0);
}

/** The objects a field lies in, but for `spec`, which is the form itself. */
function nestOf(field: FieldPlan): string {
  const above = field.path.slice(0, -1);
  return (above[0] === 'spec' ? above.slice(1) : above).length === 0 ? '' : above.join('/');
}

function schemaAt(schema: PlainSchema, path: readonly string[]): PlainSchema | undefined {
  return path.reduce<PlainSchema | undefined>(
    (inner, step) => (inner?.properties && Object.hasOwn(inner.properties, step) ? inner.properties[step] : undefined),
    schema,
  );
}

function fieldsOf(schema: PlainSchema, above: readonly string[], whole = true): FieldPlan[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, inner]) => {
    const path = [...above, name];
    const required = whole && (schema.required?.includes(name) ?? false);
    if (inner.type === 'object' && inner.properties && Object.keys(inner.properties).length > 0) return fieldsOf(inner, path, required);
    return [
      {
        path,
        title: inner.title ?? titleOf(name),
        text: inner.description,
        unit: unitOf(name),
        required,
        schema: inner,
        control: controlOf(name, inner),
      },
    ];
  });
}

function controlOf(name: string, schema: PlainSchema): Control {
  const constants = schema.enum ?? constantsOf(schema.anyOf ?? schema.oneOf);
  if (constants) return { is: 'choice', options: constants.map((value) => ({ value: String(value), label: String(value), means: value })) };
  switch (schema.type) {
    case 'boolean':
      return { is: 'switch' };
    case 'integer':
      return { is: isMoment(name, schema) ? 'moment' : 'number' };
    case 'number':
      return { is: 'number' };
    case 'array':
      return { is: isPlainItem(schema) ? 'list' : 'json' };
    case 'object':
      return { is: isRecordOfText(schema) ? 'pairs' : 'json' };
    case 'string':
      return { is: textControl(name, schema) };
    default:
      return { is: 'json' };
  }
}

function textControl(name: string, schema: PlainSchema): 'text' | 'lines' | 'email' | 'secret' {
  if (schema.format === 'email') return 'email';
  if (/secret|password|^material$/i.test(name)) return 'secret';
  return (schema.maxLength ?? 0) > 1024 && schema.pattern === undefined ? 'lines' : 'text';
}

function constantsOf(options: readonly PlainSchema[] | undefined): readonly unknown[] | undefined {
  return options && options.length > 0 && options.every((option) => 'const' in option) ? options.map((option) => option.const) : undefined;
}

function isMoment(name: string, schema: PlainSchema): boolean {
  return /(At|From|To|Since|Until)$/.test(name) || /milliseconds since 1970/i.test(schema.description ?? '');
}

function isPlainItem(schema: PlainSchema): boolean {
  const item = Array.isArray(schema.items) ? undefined : (schema.items as PlainSchema | undefined);
  return item?.type === 'string';
}

function isRecordOfText(schema: PlainSchema): boolean {
  const inner = [
    ...Object.values(schema.patternProperties ?? {}),
    ...(typeof schema.additionalProperties === 'object' ? [schema.additionalProperties] : []),
  ];
  return inner.length > 0 && inner.every((each) => each.type === 'string');
}
