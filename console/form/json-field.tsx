import { Textarea } from '@mantine/core';
import { useState } from 'react';
import type { FieldProps } from './field.tsx';

/** A field whose shape has no form of its own, written as JSON and checked as typed. */
export function JsonField({ field, value, onChange, error, onLeave }: FieldProps) {
  const [text, setText] = useState(() => (value === undefined ? '' : JSON.stringify(value, null, 2)));
  const [broken, setBroken] = useState(false);
  const write = (next: string) => {
    setText(next);
    try {
      onChange(next.trim() === '' ? undefined : JSON.parse(next));
      setBroken(false);
    } catch {
      setBroken(true);
    }
  };
  return (
    <Textarea
      label={field.title}
      description={field.text ?? 'As JSON.'}
      required={field.required}
      error={broken ? 'This is not JSON yet.' : error}
      onBlur={onLeave}
      value={text}
      onChange={(event) => write(event.currentTarget.value)}
      autosize
      minRows={3}
      maxRows={16}
      spellCheck={false}
      classNames={{ input: 'mono' }}
    />
  );
}
