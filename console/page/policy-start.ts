/** Texts to begin a policy with. */
export const starts: readonly { readonly title: string; readonly text: string }[] = [
  {
    title: 'Let one program read',
    text: `permit (
  principal == Gamut::Principal::"service-backup",
  action in Gamut::Action::"read",
  resource
);
`,
  },
  {
    title: 'Forbid writing, whoever it is',
    text: `forbid (
  principal,
  action in Gamut::Action::"write",
  resource
);
`,
  },
  {
    title: 'Ask for a second factor',
    text: `@stepUp("")
forbid (
  principal,
  action in [
    platform::Action::"RotateKey",
    platform::Action::"DisableKey"
  ],
  resource
)
when { context has assurance && context.assurance < 2 };
`,
  },
];
