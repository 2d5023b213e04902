"""Java regular expressions as Python ones with the same matches, or refused with the reason. Pure."""

from headgate.agent.javaregex.compiler import JavaPattern, compile_java, split_java
from headgate.agent.javaregex.reader import RegexProblem

__all__ = ["JavaPattern", "RegexProblem", "compile_java", "split_java"]
