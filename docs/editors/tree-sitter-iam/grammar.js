// The policy language for tree-sitter. It follows the grammar of docs/dsl.md; what a word must look
// like in its place is left to the checker. `src` is made from this file by `tree-sitter generate`.

const some = (item) => seq(item, repeat(seq(',', item)));
// With a comma at the end or without; `[]` if there is nothing.
const open = (item) => choice(seq('[', ']'), seq(some(item), optional(',')));

// What words are made of: characters, variables of IAM, and names in angle brackets.
const char = /[A-Za-z0-9*?:\/._+@\-]/;
const hole = /<[A-Za-z][A-Za-z0-9_.\-]*>/;
const variable = seq(
  '${', repeat1(choice(/[!#-&(-+\--;=?-|~]/, hole)),
  optional(seq(/, *'/, repeat(choice(/[ -&(-;=?-~]/, hole)), '\'')), '}',
);

module.exports = grammar({
  name: 'iam',
  extras: ($) => [/[ \t\r\n\uFEFF]/, $.comment],
  word: ($) => $.word,
  // `service`, `resource` and their like begin something or are values: what follows tells.
  conflicts: ($) => [[$._soft, $.kind], [$._soft, $.type]],

  rules: {
    file: ($) => repeat(choice($.policy, $.let, $.use, $.template, $.test)),
    policy: ($) =>
      seq(optional($.type), 'policy', field('name', $._value), '{',
        repeat($.meta), repeat($._statement), '}'),
    type: () => choice('identity', 'boundary', 'session', 'resource', 'trust', 'scp', 'rcp', 'endpoint'),
    meta: ($) => seq(choice('version', 'id'), $._value),
    let: ($) =>
      seq('let', field('name', $._value), '=', choice($.list, $.principals, seq('when', $._condition))),
    use: ($) => seq('use', some(field('name', $._value)), 'from', field('path', $.string)),
    template: ($) =>
      seq('template', field('name', $._value), '(', some(field('parameter', $._value)), ')', '{',
        repeat($._statement), '}'),

    _statement: ($) => choice($.rule, $.apply),
    rule: ($) =>
      seq(optional($.label), field('effect', choice('allow', 'deny')), $.actions,
        optional($.resources), optional($.principals), optional($.when), optional($.unless)),
    actions: ($) => $._elements,
    resources: ($) => seq('on', $._elements),
    _elements: ($) => seq(optional(seq('all', 'except')), open($._atom)),
    principals: ($) => seq('to', optional(seq('all', 'except')), open($._principal)),
    _principal: ($) => choice($._atom, seq($.kind, $._values)),
    kind: () => choice('service', 'federated', 'canonical'),
    when: ($) => seq('when', $._condition),
    unless: ($) => seq('unless', $._condition),
    apply: ($) =>
      seq(optional($.label), 'apply', field('name', $._value), '(', some($.argument), ')'),
    argument: ($) => seq(field('name', $._value), '=', $._values),

    _condition: ($) => choice($.or, $.and, $._primary),
    or: ($) => prec.left(1, seq($._condition, 'or', $._condition)),
    and: ($) => prec.left(2, seq($._condition, 'and', $._condition)),
    _primary: ($) => choice($.condition_test, $.reference, seq('(', $._condition, ')')),
    condition_test: ($) =>
      seq(optional(choice('any', 'all')), field('key', $._key), $._operation, optional($.or_absent)),
    // One token, because `or` may go on with another condition.
    or_absent: () => token(seq('or', /[ \t\r\n]+/, 'absent')),
    _operation: ($) =>
      choice(
        seq(choice('=', '!='), $._value, optional($.ignoring_case)),
        seq(optional('not'), 'in', choice($.list, $.reference), optional($.ignoring_case)),
        seq(optional('not'), choice('like', 'matches', 'within'), $._values),
        seq('is', choice($._values, 'present', 'absent')),
        seq(choice('<', '<=', '>', '>='), $._values),
        seq(optional(seq('at', 'or')), choice('before', 'after'), $._values),
        seq($.operator, $._values),
      ),
    operator: () =>
      choice('ArnEquals', 'ArnNotEquals', 'NumericEquals', 'NumericNotEquals', 'DateEquals',
        'DateNotEquals', 'BinaryEquals', 'Null'),
    ignoring_case: () => seq('ignoring', 'case'),

    test: ($) => seq('test', field('name', $._value), '{', repeat($.expectation), '}'),
    expectation: ($) =>
      seq('expect', field('outcome', choice('allow', 'deny', 'nothing')), field('action', $._atom),
        optional(seq('on', field('resource', $._atom))),
        optional(seq('to', choice($._atom, seq($.kind, $._value)))),
        optional(seq('with', $.fact, repeat(seq('and', $.fact)))),
        optional(seq('by', field('by', $._value)))),
    fact: ($) => seq(field('key', $._key), '=', $._values),

    _values: ($) => choice($._value, $.list),
    list: ($) => seq('[', optional(seq(some($._value), optional(','))), ']'),
    _value: ($) => choice($._atom, $._soft),
    // Words of the language that are values wherever they begin nothing.
    _soft: ($) =>
      choice(...[
        'policy', 'let', 'use', 'from', 'template', 'apply', 'version', 'id', 'test', 'expect',
        'nothing', 'with', 'by', 'case', 'service', 'federated', 'canonical', 'identity', 'boundary',
        'session', 'resource', 'trust', 'scp', 'rcp', 'endpoint',
      ].map((word) => alias(word, $.word))),
    _atom: ($) => choice($._key, $.reference),
    _key: ($) => choice($.word, $.string),

    // The longest of these wins, and of equally long ones the first.
    label: () => token(choice(/[A-Za-z0-9_.\-]+:/, /"([^"\\\x00-\x1f]|\\[^\r\n])*":/)),
    reference: () => hole,
    word: () => token(repeat1(choice(char, seq('!', char), variable, hole))),
    string: () => /"([^"\\\x00-\x1f]|\\[^\r\n])*"/,
    comment: () => /#[^\n]*/,
  },
});
