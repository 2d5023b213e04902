"""Java regular expressions as Python ones with the same matches, or refused with the reason. Pure."""

from headgate.agent.javaregex.compiler import JavaPattern, compile_java, split_java
from headgate.agent.javaregex.reader import RegexProblem
from headgate.agent.javaregex.timelimit import MatchTimeout, time_limit

__all__ = ["JavaPattern", "MatchTimeout", "RegexProblem", "compile_java", "split_java", "time_limit"]
