import { NumberInput, PasswordInput, SegmentedControl, Select, Switch, TagsInput, Textarea, TextInput } from '@mantine/core';
import { localMoment, momentFromLocal } from '../format/moment.ts';
import { JsonField } from './json-field.tsx';
import { PairsField } from './pairs-field.tsx';
import type { FieldPlan } from './plan.ts';

export type FieldProps = {
  field: FieldPlan;
  value: unknown;
  onChange: (value: unknown) => void;
  error: string | undefined;
  onLeave: () => void;
  focus?: boolean | undefined;
};

/** One field of a form, by what its schema asks for. */
export function Field(props: FieldProps) {
  const { field, value, onChange, error, onLeave, focus } = props;
  const shared = {
    label: field.title,
    description: field.text,
    error,
    required: field.required,
    withAsterisk: field.required,
    onBlur: onLeave,
    'data-autofocus': focus || undefined,
  };
  const text = typeof value === 'string' ? value : '';
  const write = (next: string) => onChange(next === '' ? undefined : next);
  const plain = {
    ...shared,
    value: text,
    onChange: (event: { currentTarget: { value: string } }) => write(event.currentTarget.value),
    spellCheck: false,
    autoComplete: 'off',
  };
  switch (field.control.is) {
    case 'choice':
      return <Choice {...props} />;
    case 'switch':
      return (
        <Switch
          {...{ ...shared, withAsterisk: undefined, required: undefined }}
          checked={value === true}
          onChange={(event) => onChange(event.currentTarget.checked)}
        />
      );
    case 'number':
      return <NumberField {...props} />;
    case 'moment':
      return (
        <TextInput
          {...shared}
          type="datetime-local"
          value={localMoment(typeof value === 'number' ? value : undefined)}
          onChange={(event) => onChange(momentFromLocal(event.currentTarget.value))}
        />
      );
    case 'list':
      return (
        <TagsInput
          {...shared}
          placeholder="Type and press Enter"
          value={Array.isArray(value) ? value.map(String) : []}
          onChange={(list) => onChange(list.length === 0 ? undefined : list)}
        />
      );
    case 'pairs':
      return <PairsField {...props} />;
    case 'json':
      return <JsonField {...props} />;
    case 'lines':
      return <Textarea {...plain} autosize minRows={2} maxRows={10} />;
    case 'secret':
      return <PasswordInput {...plain} visibilityToggleButtonProps={{ 'aria-label': 'Show what is typed' }} />;
    case 'email':
      return <TextInput {...plain} type="email" />;
    default:
      return <TextInput {...plain} />;
  }
}

function Choice({ field, value, onChange, error, onLeave }: FieldProps) {
  if (field.control.is !== 'choice') return null;
  const { options } = field.control;
  const means = (chosen: string | null) => options.find((option) => option.value === chosen)?.means;
  if (options.length <= 3) {
    return (
      <div className="form-choice">
        <span className="mantine-InputWrapper-label" id={`choice-${field.path.join('-')}`}>
          {field.title}
        </span>
        {field.text && <span className="mantine-InputWrapper-description">{field.text}</span>}
        <SegmentedControl
          aria-labelledby={`choice-${field.path.join('-')}`}
          data={options.map(({ value: each, label }) => ({ value: each, label }))}
          value={value === undefined ? '' : String(value)}
          onChange={(chosen) => onChange(means(chosen))}
        />
        {error && <span className="mantine-InputWrapper-error">{error}</span>}
      </div>
    );
  }
  return (
    <Select
      label={field.title}
      description={field.text}
      error={error}
      required={field.required}
      onBlur={onLeave}
      data={options.map(({ value: each, label }) => ({ value: each, label }))}
      value={value === undefined ? null : String(value)}
      onChange={(chosen) => onChange(means(chosen))}
      clearable={!field.required}
      searchable={options.length > 8}
    />
  );
}

function NumberField({ field, value, onChange, error, onLeave }: FieldProps) {
  const { minimum, maximum, type } = field.schema;
  return (
    <NumberInput
      label={field.title}
      description={field.text}
      error={error}
      required={field.required}
      onBlur={onLeave}
      min={minimum}
      max={maximum}
      clampBehavior="none"
      allowDecimal={type === 'number'}
      thousandSeparator=","
      suffix={field.unit ? ` ${field.unit}` : undefined}
      placeholder={field.schema.default === undefined ? undefined : String(field.schema.default)}
      value={typeof value === 'number' ? value : ''}
      onChange={(next) => onChange(typeof next === 'number' ? next : undefined)}
    />
  );
}
