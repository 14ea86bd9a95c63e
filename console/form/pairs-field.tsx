import { TextInput } from '@mantine/core';
import { useState } from 'react';
import { Button } from '../part/button.tsx';
import type { FieldProps } from './field.tsx';

type Pair = { readonly name: string; readonly value: string };

/** Short texts by name: labels, user metadata. */
export function PairsField({ field, value, onChange, error, onLeave }: FieldProps) {
  const [pairs, setPairs] = useState<readonly Pair[]>(() =>
    Object.entries((value ?? {}) as Record<string, string>).map(([name, each]) => ({ name, value: each })),
  );
  const write = (next: readonly Pair[]) => {
    setPairs(next);
    const named = next.filter(({ name }) => name !== '');
    onChange(named.length === 0 ? undefined : Object.fromEntries(named.map(({ name, value: each }) => [name, each])));
  };
  const amend = (index: number, change: Partial<Pair>) => write(pairs.map((pair, at) => (at === index ? { ...pair, ...change } : pair)));
  return (
    <fieldset className="form-pairs" onBlur={onLeave}>
      <legend className="mantine-InputWrapper-label">{field.title}</legend>
      {field.text && <p className="mantine-InputWrapper-description">{field.text}</p>}
      {pairs.map((pair, index) => (
        <div key={index} className="row">
          <TextInput
            className="grow"
            aria-label={`Name ${index + 1}`}
            placeholder="name"
            value={pair.name}
            onChange={(event) => amend(index, { name: event.currentTarget.value })}
            spellCheck={false}
          />
          <TextInput
            className="grow"
            aria-label={`Value ${index + 1}`}
            placeholder="value"
            value={pair.value}
            onChange={(event) => amend(index, { value: event.currentTarget.value })}
            spellCheck={false}
          />
          <Button
            look="quiet"
            icon="close"
            label={`Take out ${pair.name || `pair ${index + 1}`}`}
            onClick={() => write(pairs.filter((_, at) => at !== index))}
          />
        </div>
      ))}
      {error && <p className="mantine-InputWrapper-error">{error}</p>}
      <div>
        <Button size="small" icon="plus" onClick={() => write([...pairs, { name: '', value: '' }])}>
          Add
        </Button>
      </div>
    </fieldset>
  );
}
