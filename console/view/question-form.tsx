import { Autocomplete, Select, TextInput } from '@mantine/core';
import { useServed } from '../api/contract.ts';
import { usePrincipals } from '../api/member.ts';
import type { Question } from '../api/policy.ts';

type Props = { readonly question: Question; readonly onChange: (question: Question) => void };

/** Nothing asked yet. */
export const noQuestion: Question = { principal: '', service: '', operation: '', name: '', assurance: undefined };

const factors = [
  { value: '', label: 'not said' },
  { value: '1', label: 'as a person with a password' },
  { value: '2', label: 'as a person with a second factor' },
];

/** Who, does what, on what: a question for the policies. */
export function QuestionForm({ question, onChange }: Props) {
  const services = Object.values(useServed().value?.services ?? {});
  const principals = usePrincipals();
  const operations = services.map((contract) => ({
    group: contract.title,
    items: Object.keys(contract.operations).map((operation) => ({ value: `${contract.name}.${operation}`, label: operation })),
  }));
  const write = (change: Partial<Question>) => onChange({ ...question, ...change });
  return (
    <>
      <Autocomplete
        label="Who"
        description="A member, a credential or a service account; you, if left empty."
        data={principals.map(({ title }) => title)}
        value={principals.find(({ principal }) => principal === question.principal)?.title ?? question.principal}
        onChange={(text) => write({ principal: principals.find(({ title }) => title === text)?.principal ?? text })}
      />
      <Select
        label="Operation"
        data={operations}
        value={question.operation === '' ? null : `${question.service}.${question.operation}`}
        onChange={(chosen) => {
          const [service = '', operation = ''] = (chosen ?? '').split('.');
          write({ service, operation });
        }}
        searchable
        withAsterisk
      />
      <TextInput
        label="Resource"
        description="By its name; the whole collection, if left empty."
        value={question.name}
        onChange={(event) => write({ name: event.currentTarget.value })}
        spellCheck={false}
        autoComplete="off"
      />
      <Select
        label="Asking"
        data={factors}
        value={question.assurance === undefined ? '' : String(question.assurance)}
        onChange={(chosen) => write({ assurance: chosen === '1' ? 1 : chosen === '2' ? 2 : undefined })}
        allowDeselect={false}
      />
    </>
  );
}
