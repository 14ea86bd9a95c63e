import { Link } from 'react-router';
import type { PlainSchema } from '#kernel/derive/check-schema.ts';
import type { Kind } from '../api/contract.ts';
import type { Thing } from '../api/pages.ts';
import { titleOf, unitOf } from '../format/word.ts';
import { Status } from '../part/status.tsx';
import type { Column } from '../part/table.tsx';
import { When } from '../part/when.tsx';
import { Value } from './value.tsx';

/** Columns of a kind: its name, what its contract names, its state, and when it was made. */
export function columnsOf(kind: Kind, to: (name: string) => string): Column<Thing>[] {
  const spec = fieldsOf(kind.resource.spec);
  const status = fieldsOf(kind.resource.status);
  const named =
    kind.resource.columns ??
    Object.keys(spec)
      .filter((field) => isPlain(spec[field]))
      .slice(0, 4);
  const fields = [...new Set([...named, ...Object.keys(status).filter((field) => isPlain(status[field]))])];
  return [
    {
      key: 'name',
      title: 'Name',
      width: '34%',
      by: (thing) => thing.name,
      show: (thing) => <NameCell thing={thing} to={kind.get ? to(thing.name) : undefined} />,
    },
    ...fields.map((field, index) =>
      fieldColumn(field, spec[field] ?? status[field], Object.hasOwn(spec, field) ? 'spec' : 'status', index),
    ),
    { key: 'createdAt', title: 'Created', by: (thing) => thing.createdAt, spare: 2, show: (thing) => <When at={thing.createdAt} /> },
  ];
}

function NameCell({ thing, to }: { thing: Thing; to: string | undefined }) {
  return (
    <>
      {to ? <Link to={to}>{thing.name}</Link> : thing.name}
      {thing.deleting !== undefined && (
        <>
          {' '}
          <Status tone="warn">being deleted</Status>
        </>
      )}
    </>
  );
}

function fieldColumn(field: string, schema: PlainSchema | undefined, part: 'spec' | 'status', index: number): Column<Thing> {
  const valueOf = (thing: Thing) => thing[part]?.[field];
  const isNumber = (schema?.type === 'integer' || schema?.type === 'number') && !/(At|Since|Until)$/.test(field);
  const unit = unitOf(field);
  return {
    key: field,
    title: schema?.title ?? `${titleOf(field)}${isNumber && unit && unit !== 'bytes' ? ` (${unit})` : ''}`,
    right: isNumber,
    spare: index > 1 ? 1 : undefined,
    by: (thing) => {
      const value = valueOf(thing);
      return typeof value === 'number' ? value : String(value ?? '');
    },
    show: (thing) => <Value name={field} schema={schema} value={valueOf(thing)} />,
  };
}

export function fieldsOf(schema: unknown): Readonly<Record<string, PlainSchema>> {
  return (schema as PlainSchema | undefined)?.properties ?? {};
}

function isPlain(schema: PlainSchema | undefined): boolean {
  return schema !== undefined && schema.type !== 'object' && schema.type !== 'array';
}
