import { Textarea, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useApi, useMay } from '#console/api/call.ts';
import { Button } from '#console/part/button.tsx';
import { useChange } from '#console/part/dialog.tsx';
import { notice } from '#console/part/notice.tsx';
import { Section } from '#console/part/page.tsx';
import { Refusal } from '#console/part/state.tsx';

type Offsets = { readonly offsets: readonly { readonly partition: number; readonly offset: number }[] };

/** Appends one record of text. */
export function ProduceForm({ topic, onDone }: { topic: string; onDone: () => void }) {
  const api = useApi();
  const may = useMay('log');
  const [key, setKey] = useState('');
  const [value, setValue] = useState('');
  const change = useChange();
  if (!may('Produce')) return null;
  const submit = (event: React.FormEvent) => {
    event.preventDefault();
    void change.run(async () => {
      const record = { value, ...(key === '' ? {} : { key }) };
      const { offsets } = await api.call<Offsets>('log', 'Produce', topic, { records: [record] });
      const [at] = offsets;
      notice(`The record has offset ${at?.offset} of partition ${at?.partition}.`);
      setValue('');
      onDone();
    });
  };
  return (
    <Section title="Append a record" text="As text, in UTF-8; its key chooses the partition, as Kafka's clients do it.">
      <form className="stack" onSubmit={submit}>
        <TextInput label="Key" value={key} onChange={(event) => setKey(event.currentTarget.value)} />
        <Textarea label="Value" autosize minRows={2} value={value} onChange={(event) => setValue(event.currentTarget.value)} />
        {change.problem && <Refusal problem={change.problem} compact />}
        <div className="row dialog-end">
          <Button type="submit" look="main" busy={change.busy} disabled={value === ''}>
            Append
          </Button>
        </div>
      </form>
    </Section>
  );
}
