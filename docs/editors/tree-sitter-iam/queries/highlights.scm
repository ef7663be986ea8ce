(comment) @comment
(string) @string
(label) @label
(reference) @variable.parameter

["policy" "let" "use" "from" "template" "test"] @keyword
["version" "id" "allow" "deny" "on" "to" "when" "unless" "apply" "expect" "nothing" "with" "by"] @keyword
(type) @keyword.modifier
(kind) @keyword.modifier
["and" "or" "not" "in" "like" "matches" "within" "is" "any" "all" "except" "present" "absent"
 "before" "after" "at"] @keyword.operator
(operator) @keyword.operator
(ignoring_case) @keyword.operator
(or_absent) @keyword.operator
["=" "!=" "<" "<=" ">" ">="] @operator
["{" "}" "[" "]" "(" ")"] @punctuation.bracket
"," @punctuation.delimiter

(policy name: (word) @type.definition)
(test name: (word) @type.definition)
(template name: (word) @function)
(apply name: (word) @function)
(let name: (word) @variable)
(use name: (word) @variable)
(template parameter: (word) @variable.parameter)
(argument name: (word) @variable.parameter)

(actions (word) @function.method)
(expectation action: (word) @function.method)
(resources (word) @string.special)
(expectation resource: (word) @string.special)
(principals (word) @string.special)
(condition_test key: (word) @property)
(fact key: (word) @property)
(condition_test "is" (word) @constant.builtin (#any-of? @constant.builtin "true" "false"))
