// The policy language for tree-sitter. It follows the grammar of docs/dsl.md; what a word must look
// like in its place is left to the checker.

const list = (item) => seq('[', optional(seq(item, repeat(seq(',', item)), optional(','))), ']');
const some = (item) => seq(item, repeat(seq(',', item)));

module.exports = grammar({
  name: 'iam',
  extras: ($) => [/\s/, $.comment],
  word: ($) => $.word,
  conflicts: ($) => [[$.value, $.policy], [$.value, $._kind]],

  rules: {
    file: ($) => repeat(choice($.policy, $.let, $.use, $.template, $.test)),
    policy: ($) =>
      seq(optional($.type), 'policy', field('name', $._name), '{', repeat($.meta), repeat($._statement), '}'),
    type: () => choice('identity', 'boundary', 'session', 'resource', 'trust', 'scp', 'rcp', 'endpoint'),
    meta: ($) => seq(choice('version', 'id'), $.value),
    let: ($) =>
      seq('let', field('name', $._name), '=', choice(list($.value), $.principals, seq('when', $._condition))),
    use: ($) => seq('use', some($._name), 'from', $.string),
    template: ($) =>
      seq('template', field('name', $._name), '(', some($._name), ')', '{', repeat($._statement), '}'),

    _statement: ($) => choice($.rule, $.apply),
    rule: ($) =>
      prec.right(seq(
        optional($.label), field('effect', choice('allow', 'deny')), field('actions', $.elements),
        optional(seq('on', field('resources', $.elements))), optional($.principals),
        optional(seq('when', $._condition)), optional(seq('unless', $._condition)),
      )),
    apply: ($) =>
      seq(optional($.label), 'apply', field('name', $._name), '(', some($.argument), ')'),
    argument: ($) => seq($._name, '=', $._values),
    elements: ($) =>
      prec.right(seq(optional(seq('all', 'except')), choice(seq('[', ']'), seq(some($._atom), optional(','))))),
    principals: ($) =>
      prec.right(seq('to', optional(seq('all', 'except')),
        choice(seq('[', ']'), seq(some($._principal), optional(','))))),
    _principal: ($) => choice($._atom, seq($._kind, $._values)),
    _kind: () => choice('service', 'federated', 'canonical'),

    _condition: ($) => choice($.or, $.and, $._primary),
    or: ($) => prec.left(1, seq($._condition, 'or', $._condition)),
    and: ($) => prec.left(2, seq($._condition, 'and', $._condition)),
    _primary: ($) => choice($.condition_test, $.reference, seq('(', $._condition, ')')),
    condition_test: ($) =>
      prec.right(seq(
        optional(choice('any', 'all')), field('key', choice($.word, $.string)), $._operation,
        optional($.or_absent),
      )),
    or_absent: () => token(prec(1, seq('or', /\s+/, 'absent'))),
    _operation: ($) =>
      choice(
        prec.right(seq(choice('=', '!='), $.value, optional($.ignoring))),
        prec.right(seq(optional('not'), 'in', choice(list($.value), $.reference), optional($.ignoring))),
        seq(optional('not'), choice('like', 'matches', 'within'), $._values),
        seq('is', choice($._values, 'present', 'absent')),
        seq(choice('<', '<=', '>', '>='), $._values),
        seq(optional(seq('at', 'or')), choice('before', 'after'), $._values),
        seq(choice('ArnEquals', 'ArnNotEquals', 'NumericEquals', 'NumericNotEquals', 'DateEquals',
          'DateNotEquals', 'BinaryEquals', 'Null'), $._values),
      ),
    ignoring: () => seq('ignoring', 'case'),

    test: ($) => seq('test', field('name', $._name), '{', repeat($.expectation), '}'),
    expectation: ($) =>
      prec.right(seq(
        'expect', choice('allow', 'deny', 'nothing'), field('action', $._atom),
        optional(seq('on', field('resource', $._atom))),
        optional(seq('to', choice($._atom, seq($._kind, $.value)))),
        optional(seq('with', $.fact, repeat(seq('and', $.fact)))),
        optional(seq('by', $.value)),
      )),
    fact: ($) => seq(choice($.word, $.string), '=', $._values),

    _values: ($) => choice($.value, list($.value)),
    value: ($) =>
      choice($._atom, 'policy', 'let', 'use', 'from', 'template', 'apply', 'version', 'id', 'test', 'expect',
        'nothing', 'with', 'by', 'case', $._kind, $.type),
    _name: ($) => $.value,
    _atom: ($) => choice($.word, $.string, $.reference),

    label: () => token(prec(2, seq(choice(/[A-Za-z0-9_.\-]+/, /"([^"\\\n]|\\.)*"/), ':'))),
    reference: () => token(prec(1, /<[A-Za-z][A-Za-z0-9_.\-]*>/)),
    word: () =>
      /([A-Za-z0-9*?:\/._+@\-]|![A-Za-z0-9*?:\/._+@\-]|\$\{[^}'",\s]+(, *'[^'\n]*')?\}|<[A-Za-z][A-Za-z0-9_.\-]*>)+/,
    string: () => /"([^"\\\n]|\\.)*"/,
    comment: () => token(seq('#', /[^\n]*/)),
  },
});
