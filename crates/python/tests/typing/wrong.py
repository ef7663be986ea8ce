"""Wrong uses: `mypy --strict` has to reject every line that ends in a comment with the code of its error, and no other."""

import portcullis
from portcullis import Authorizer, Decision, Policies, Strings

policies = Policies.from_json(identity="{}")
authorizer = Authorizer(policies)
Policies.from_json("{}")  # error: call-arg
Policies.from_json(identity=1)  # error: arg-type
Authorizer("{}")  # error: arg-type
authorizer.is_allowed(None, "s3:GetObject", "*")  # error: arg-type
authorizer.is_allowed("a", b"s3:GetObject", "*")  # error: arg-type
authorizer.is_allowed("a", "b", "*", {"k": 1.5})  # error: dict-item
authorizer.is_allowed("a", "b", "*", {"k": None})  # error: dict-item
authorizer.is_allowed("a", "b")  # error: call-arg
authorizer.is_allowed("a", "b", "*", {}, "111122223333")  # error: call-arg
authorizer.query("b").is_allowed("a", "*", "value")  # error: arg-type
authorizer.decide_columns("a", "b", ["*"])  # error: arg-type
Strings("text")  # error: call-arg
decision: bool = authorizer.decide("a", "b", "*")  # error: assignment
number: int = Decision.ALLOW  # error: assignment
portcullis.check("{}", type="group")  # error: arg-type
portcullis.prove_no_new_access("{}")  # error: call-arg
portcullis.Directory.open("x").who_can("a").complete  # error: attr-defined


class Mine(Authorizer):  # error: misc
    pass
