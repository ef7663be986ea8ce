(comment) @comment
(string) @string
(label) @label
(reference) @variable.parameter
(type) @type
(policy name: (_) @function)
(template name: (_) @function)
(test name: (_) @function)
(let name: (_) @variable)
(condition_test key: (_) @property)

["policy" "let" "use" "from" "template" "test" "version" "id"] @keyword
["allow" "deny" "on" "to" "when" "unless" "apply" "expect" "nothing" "with" "by"] @keyword
["and" "or" "not" "in" "like" "matches" "within" "is" "any" "all" "except" "present" "absent"
 "before" "after" "at"] @keyword.operator
["=" "!=" "<" "<=" ">" ">="] @operator
