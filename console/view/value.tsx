import type { PlainSchema } from '#kernel/derive/check-schema.ts';
import { unitOf } from '../format/word.ts';
import { Amount } from '../part/amount.tsx';
import { When } from '../part/when.tsx';
import { Tag } from '../part/status.tsx';

/** A value as its name and schema say it is meant: bytes, a moment, yes or no, words, or JSON. */
export function Value({ name, schema, value }: { name: string; schema: PlainSchema | undefined; value: unknown }) {
  if (value === undefined || value === null || value === '') return <span className="faint">–</span>;
  if (typeof value === 'boolean') return <>{value ? 'yes' : 'no'}</>;
  if (typeof value === 'number') return <NumberValue name={name} schema={schema} value={value} />;
  if (Array.isArray(value))
    return value.length === 0 ? (
      <span className="faint">none</span>
    ) : (
      <span>{value.map((each) => (typeof each === 'object' ? JSON.stringify(each) : String(each))).join(', ')}</span>
    );
  if (typeof value === 'object')
    return Object.keys(value).length === 0 ? <span className="faint">none</span> : <Pairs pairs={value as Record<string, unknown>} />;
  if (schema?.anyOf || schema?.enum) return <Tag>{String(value)}</Tag>;
  return <span>{String(value)}</span>;
}

function NumberValue({ name, schema, value }: { name: string; schema: PlainSchema | undefined; value: number }) {
  if (/(At|Since|Until)$/.test(name) || /milliseconds since 1970/i.test(schema?.description ?? '')) return <When at={value} />;
  const unit = unitOf(name);
  if (unit === 'bytes') return <Amount value={value} unit="byte" />;
  return (
    <span title={String(value)}>
      {value.toLocaleString('en')}
      {unit ? ` ${unit}` : ''}
    </span>
  );
}

function Pairs({ pairs }: { pairs: Record<string, unknown> }) {
  return (
    <span className="row wrap">
      {Object.entries(pairs).map(([name, value]) => (
        <Tag key={name}>
          {name}: {typeof value === 'object' ? JSON.stringify(value) : String(value)}
        </Tag>
      ))}
    </span>
  );
}
